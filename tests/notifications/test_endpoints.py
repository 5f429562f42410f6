"""Endpoints over HTTP: made, changed, rotated, deleted; the secret is shown once."""

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from app.core.auth import Scope
from app.notifications.endpoints.rules import new_secret, signature
from tests.conftest import MakeTenant, Tenant
from tests.notifications.office import Office
from tests.notifications.receiving import receiving

URL = "https://hooks.example.com/penstock?token=1"


def test_the_specifications_own_example_is_signed_as_it_says() -> None:
    said = signature(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )

    assert said == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_of_the_length_that_the_specification_asks_for() -> None:
    secret = new_secret()

    assert secret.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64
    assert new_secret() != secret
    Webhook(secret)


async def test_the_secret_is_shown_once(tenant: Tenant) -> None:
    key = {"Idempotency-Key": "once"}
    body = {"url": URL, "events": ["run.failed", "run.failed"], "description": "ours"}
    made = await tenant.http.post("/v1/webhook-endpoints", json=body, headers=key)
    again = await tenant.http.post("/v1/webhook-endpoints", json=body, headers=key)

    assert made.status_code == again.status_code == 201
    endpoint = made.json()["webhook_endpoint"]
    assert made.json()["secret"].startswith("whsec_")
    assert made.headers["ETag"] == '"1"'
    assert again.json() == {"secret": None, "webhook_endpoint": endpoint}
    assert endpoint["events"] == ["run.failed"]
    assert made.headers["Location"] == f"/v1/webhook-endpoints/{endpoint['id']}"
    read = await tenant.http.get(made.headers["Location"])
    assert read.json() == endpoint
    (listed,) = (await tenant.http.get("/v1/webhook-endpoints")).json()["items"]
    assert listed == endpoint
    assert made.json()["secret"] not in read.text


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "hooks.example.com",
        "https://",
        "https://user:secret@hooks.example.com/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest",
        "https://224.0.0.1/",
        "https://xn--localhost/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://" + "x" * 3_000,
    ],
)
async def test_an_address_that_is_not_called_is_refused(tenant: Tenant, url: str) -> None:
    answer = await tenant.http.post("/v1/webhook-endpoints", json={"url": url})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/url"]
    assert url not in answer.text or url == "https://"


async def test_an_unknown_event_is_refused(tenant: Tenant) -> None:
    body = {"url": URL, "events": ["run.failed", "run.fialed"]}
    answer = await tenant.http.post("/v1/webhook-endpoints", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/events/1"
    assert "fialed" not in answer.text


async def test_an_endpoint_is_changed_and_deleted(tenant: Tenant) -> None:
    made = await tenant.http.post("/v1/webhook-endpoints", json={"url": URL})
    path = made.headers["Location"]

    changed = await tenant.http.patch(
        path, json={"events": ["job.expired"], "description": "x"}, headers={"If-Match": '"1"'}
    )
    stale = await tenant.http.patch(path, json={"events": []}, headers={"If-Match": '"1"'})
    bad = await tenant.http.patch(path, json={"url": "https://10.0.0.1/"})
    deleted = await tenant.http.delete(path)

    assert (changed.json()["events"], changed.json()["url"]) == (["job.expired"], URL)
    assert changed.headers["ETag"] == '"2"'
    assert stale.status_code == 412
    assert bad.status_code == 422
    assert deleted.status_code == 204
    assert (await tenant.http.get(path)).status_code == 404
    assert (await tenant.http.get(f"{path}/deliveries")).status_code == 404


async def test_an_account_has_at_most_twenty(tenant: Tenant) -> None:
    answers = [
        await tenant.http.post("/v1/webhook-endpoints", json={"url": URL}) for _ in range(21)
    ]

    assert [answer.status_code for answer in answers] == [201] * 20 + [409]
    assert answers[-1].json()["code"] == "too_many_webhook_endpoints"


async def test_during_a_rotation_both_secrets_verify(office: Office) -> None:
    async with receiving() as receiver:
        first = await office.endpoint(receiver)
        path = f"/v1/webhook-endpoints/{first['id']}/rotate-secret"
        second = (await office.http.post(path)).json()["secret"]
        await office.happens()
        await office.deliver()
        both = await office.read(first)
        await office.execute(
            "UPDATE webhook_endpoints SET previous_until = clock_timestamp() WHERE account_id = $1",
            office.account_id,
        )
        await office.happens()
        await office.deliver()
        alone = await office.read(first)

    during, after = receiver.got
    for secret in (first["secret"], second):
        during.verified_by(secret)
    after.verified_by(second)
    with pytest.raises(Exception, match="No matching signature"):
        after.verified_by(first["secret"])
    left = datetime.fromisoformat(both["previous_secret_until"]) - datetime.now(UTC)
    assert 23 < left.total_seconds() / 3600 <= 24
    assert alone["previous_secret_until"] is None


async def test_after_two_rotations_the_first_secret_is_over(office: Office) -> None:
    async with receiving() as receiver:
        first = await office.endpoint(receiver)
        path = f"/v1/webhook-endpoints/{first['id']}/rotate-secret"
        second = (await office.http.post(path)).json()["secret"]
        third = (await office.http.post(path)).json()["secret"]
        await office.happens()
        await office.deliver()

    (got,) = receiver.got
    got.verified_by(second)
    got.verified_by(third)
    with pytest.raises(Exception, match="No matching signature"):
        got.verified_by(first["secret"])


async def test_secrets_lie_sealed(office: Office) -> None:
    endpoint = await office.endpoint("http://127.0.0.1:9/")
    await office.http.post(f"/v1/webhook-endpoints/{endpoint['id']}/rotate-secret")

    async with office.resources.unit_of_work(office.account_id) as session:
        connection = await session.connection()
        row = (
            await connection.exec_driver_sql(
                "SELECT secret, previous_secret FROM webhook_endpoints"
                f" WHERE account_id = '{office.account_id}'"
            )
        ).one()
    for sealed in row:
        assert endpoint["secret"].removeprefix("whsec_").encode() not in sealed
        assert b"whsec" not in sealed


async def test_what_waits_for_a_deleted_endpoint_is_not_sent(office: Office) -> None:
    async with receiving() as receiver:
        endpoint = await office.endpoint(receiver)
        sent = await office.http.post(f"/v1/webhook-endpoints/{endpoint['id']}/test")
        await office.http.delete(f"/v1/webhook-endpoints/{endpoint['id']}")
        await office.deliver()
        replayed = await office.http.post(f"/v1/deliveries/{sent.json()['delivery_id']}/replay")

    assert receiver.got == []
    assert replayed.json()["code"] == "webhook_endpoint_not_found"


async def test_a_disabled_endpoint_is_not_tested(tenant: Tenant) -> None:
    body = {"url": URL, "enabled": False}
    made = await tenant.http.post("/v1/webhook-endpoints", json=body)
    tested = await tenant.http.post(f"{made.headers['Location']}/test")

    assert (tested.status_code, tested.json()["code"]) == (409, "webhook_endpoint_disabled")


async def test_who_may_only_read_changes_nothing(make_tenant: MakeTenant) -> None:
    owner = await make_tenant()
    reader = await make_tenant(Scope.READ, account=owner.name)
    made = await owner.http.post("/v1/webhook-endpoints", json={"url": URL})
    path = made.headers["Location"]

    assert (await reader.http.get(path)).status_code == 200
    assert (await reader.http.post(f"{path}/rotate-secret")).status_code == 403
    assert (await reader.http.post(f"{path}/test")).status_code == 403
