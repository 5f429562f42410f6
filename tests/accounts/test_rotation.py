"""A key is replaced; both work for a while."""

from datetime import datetime, timedelta

from app.core import clock
from app.core.ids import uuid7
from app.core.resources import Resources
from tests.accounts.making import Using, expire, listed_key, make_key, status_with
from tests.conftest import Tenant


async def test_a_rotated_key_works_24_hours_beside_the_new_one(
    tenant: Tenant, using: Using
) -> None:
    old = await make_key(tenant.http, scopes=["read", "ingest"])

    answer = await tenant.http.post(f"/v1/api-keys/{old['api_key']['id']}/rotate")

    new = answer.json()
    assert answer.status_code == 201
    assert (new["api_key"]["user"], new["api_key"]["scopes"]) == ("ann", ["ingest", "read"])
    assert new["api_key"]["expires_at"] is None
    assert [await status_with(using(key["key"])) for key in (old, new)] == [200, 200]
    shown = await listed_key(tenant, old)
    assert shown["rotated_to"] == new["api_key"]["id"]
    left = datetime.fromisoformat(shown["expires_at"]) - clock.real_now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)


async def test_an_earlier_expiry_of_the_old_key_is_kept(tenant: Tenant) -> None:
    in_an_hour = clock.real_now() + timedelta(hours=1)
    old = await make_key(tenant.http, expires_at=in_an_hour.isoformat())

    new = (await tenant.http.post(f"/v1/api-keys/{old['api_key']['id']}/rotate")).json()

    kept = await listed_key(tenant, old)
    assert kept["expires_at"] == old["api_key"]["expires_at"]
    life = datetime.fromisoformat(new["api_key"]["expires_at"]) - datetime.fromisoformat(
        new["api_key"]["created_at"]
    )
    assert abs(life - timedelta(hours=1)) < timedelta(minutes=1)


async def test_only_a_live_key_is_rotated(tenant: Tenant, resources: Resources) -> None:
    rotated, revoked, expired = [(await make_key(tenant.http))["api_key"]["id"] for _ in range(3)]
    await tenant.http.post(f"/v1/api-keys/{rotated}/rotate")
    await tenant.http.delete(f"/v1/api-keys/{revoked}")
    await expire(resources, tenant, expired, ago=timedelta(seconds=1))

    for key_id in (rotated, revoked, expired):
        answer = await tenant.http.post(f"/v1/api-keys/{key_id}/rotate")
        assert (answer.status_code, answer.json()["code"]) == (409, "api_key_not_live")


async def test_a_second_rotation_ends_the_first_key(tenant: Tenant, using: Using) -> None:
    first = await make_key(tenant.http)
    second = (await tenant.http.post(f"/v1/api-keys/{first['api_key']['id']}/rotate")).json()
    third = (await tenant.http.post(f"/v1/api-keys/{second['api_key']['id']}/rotate")).json()

    keys = [first["key"], second["key"], third["key"]]
    assert [await status_with(using(key)) for key in keys] == [401, 200, 200]


async def test_a_rotated_key_is_shown_once(tenant: Tenant) -> None:
    made, headers = await make_key(tenant.http), {"Idempotency-Key": uuid7().hex}
    path = f"/v1/api-keys/{made['api_key']['id']}/rotate"

    first = await tenant.http.post(path, headers=headers)
    again = await tenant.http.post(path, headers=headers)

    assert first.json()["key"] is not None
    assert again.json() == first.json() | {"key": None}
