"""Jobs are made, listed, changed and taken away; names are the account's own."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from app.core.ids import uuid7
from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import EXPORT, Json, a_job, change, make, published, read, refused


async def test_a_new_job_is_a_draft_with_the_documented_defaults(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/jobs", json={"name": "nightly", "kind": "code"})

    job = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    expected: Json = {
        "name": "nightly", "description": None, "kind": "code", "state": "draft", "config": {},
        "has_source": False, "ad_hoc": False, "schedule": None, "timeout": "PT1H", "retries": 0,
        "expires_at": None, "never_expires": False, "alert": None, "active_version": None,
        "variables": [], "secrets": [], "published_at": None,
    }  # fmt: skip
    assert {name: job[name] for name in expected} == expected
    assert await read(http, job) == job


@pytest.mark.parametrize("name", ["abc", "A1_", "0-0", "a" * 100, "1st_Import-of-the-day"])
async def test_a_name_has_letters_digits_underscores_and_hyphens(
    http: httpx.AsyncClient, name: str
) -> None:
    assert (await make(http, name))["name"] == name


@pytest.mark.parametrize(
    "name",
    ["ab", "a" * 101, "_abc", "-abc", "a bc", "a.bc", "ümlaut", "abc\n", "", 123, None, "abc\x00"],
)
async def test_any_other_name_is_refused(http: httpx.AsyncClient, name: Any) -> None:
    answer = await http.post("/v1/jobs", json=a_job(name))

    [(pointer, _)] = refused(answer, 422, "validation_failed")
    assert pointer == "/name"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"description": "x" * 1_001}, "/description"),
        ({"kind": "sql"}, "/kind"),
        ({"ad_hoc": "yes"}, "/ad_hoc"),
        ({"timeout": "PT0S"}, "/timeout"),
        ({"timeout": "PT0.999S"}, "/timeout"),
        ({"timeout": "PT24H0.001S"}, "/timeout"),
        ({"timeout": 3600}, "/timeout"),
        ({"retries": -1}, "/retries"),
        ({"retries": True}, "/retries"),
        ({"expires_at": "2026-03-10"}, "/expires_at"),
        ({"expires_at": "2099-01-01T00:00:00Z", "never_expires": True}, "/never_expires"),
        ({"alert": {"emails": []}}, "/alert/emails"),
        ({"alert": {"emails": ["nobody"]}}, "/alert/emails/0"),
        ({"alert": {"emails": ["a@example.com"] * 2}}, "/alert/emails/1"),
        ({"alert": {"emails": ["a@example.com"], "on": []}}, "/alert/on"),
        ({"alert": {"emails": ["a@example.com"], "on": ["start"]}}, "/alert/on/0"),
        ({"state": "published"}, "/state"),
    ],
)
async def test_what_has_not_the_form_of_a_job_is_refused(
    http: httpx.AsyncClient, fields: dict[str, Any], pointer: str
) -> None:
    answer = await http.post("/v1/jobs", json=a_job(**fields))

    assert [place for place, _ in refused(answer, 422, "validation_failed")] == [pointer]


async def test_a_description_of_1000_characters_is_kept(http: httpx.AsyncClient) -> None:
    assert (await make(http, description="x" * 1_000))["description"] == "x" * 1_000


async def test_an_alert_tells_of_failure_and_recovery_unless_told_otherwise(
    http: httpx.AsyncClient,
) -> None:
    job = await make(http, alert={"emails": ["ops@example.com"]})

    assert job["alert"] == {"emails": ["ops@example.com"], "on": ["failure", "recovery"]}


async def test_two_jobs_of_an_account_cannot_have_one_name(
    http: httpx.AsyncClient, make_tenant: MakeTenant
) -> None:
    await make(http, "nightly")
    other = await make(http, "weekly")

    made = await http.post("/v1/jobs", json=a_job("nightly"))
    renamed = await change(http, other, name="nightly")

    assert refused(made, 409, "job_name_taken") == []
    assert refused(renamed, 409, "job_name_taken") == []
    assert (await read(http, other))["name"] == "weekly"
    assert await make((await make_tenant()).http, "nightly")


async def test_of_two_that_take_one_name_at_once_one_has_it(http: httpx.AsyncClient) -> None:
    others = [await make(http, f"job-{number}") for number in range(3)]

    answers = await asyncio.gather(
        http.post("/v1/jobs", json=a_job("wanted")),
        *(change(http, other, name="wanted") for other in others),
    )

    codes = Counter(answer.json().get("code") for answer in answers)
    assert codes == {None: 1, "job_name_taken": 3}


async def test_given_fields_are_changed_and_others_stay(http: httpx.AsyncClient) -> None:
    job = await make(http, description="all of them", timeout="PT30M")

    answer = await change(http, job, name="hourly", timeout="PT5M")

    changed = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert (changed["name"], changed["timeout"]) == ("hourly", "PT5M")
    assert (changed["description"], changed["config"]["object"]) == ("all of them", "people")
    assert changed["updated_at"] > changed["created_at"]
    assert await read(http, job) == changed


async def test_null_takes_back_what_may_be_missing(http: httpx.AsyncClient) -> None:
    alert = {"emails": ["ops@example.com"]}
    job = await make(http, description="all", alert=alert)

    changed = (await change(http, job, description=None, alert=None)).json()

    assert (changed["description"], changed["alert"]) == (None, None)


@pytest.mark.parametrize(
    "field", ["name", "config", "ad_hoc", "timeout", "retries", "never_expires"]
)
async def test_what_a_job_always_has_is_never_null(http: httpx.AsyncClient, field: str) -> None:
    job = await make(http)

    answer = await change(http, job, **{field: None})

    assert refused(answer, 422, "validation_failed") == [(f"/{field}", "null")]


async def test_the_kind_of_a_job_stays(http: httpx.AsyncClient) -> None:
    answer = await change(http, await make(http), kind="code")

    assert refused(answer, 422, "validation_failed") == [("/kind", "extra_forbidden")]


async def test_a_stale_etag_is_refused_with_412(http: httpx.AsyncClient) -> None:
    job = await make(http, kind="code", config={})
    path, stale = f"/v1/jobs/{job['id']}", {"If-Match": '"1"'}
    fresh = await http.patch(path, json={"ad_hoc": False}, headers=stale)

    changed = await http.patch(path, json={"ad_hoc": True}, headers=stale)
    put = await http.put(f"{path}/variables", json={}, headers=stale)
    deleted = await http.delete(path, headers=stale)

    assert fresh.status_code == 200
    for answer in (changed, put, deleted):
        refused(answer, 412, "changed_meanwhile")
    current = {"If-Match": (await http.get(path)).headers["ETag"]}
    assert (await http.delete(path, headers=current)).status_code == 204


async def test_a_deleted_job_is_not_found_and_its_name_is_free(http: httpx.AsyncClient) -> None:
    job = await published(http)
    path = f"/v1/jobs/{job['id']}"

    assert (await http.delete(path)).status_code == 204

    for answer in (
        await http.get(path),
        await http.delete(path),
        await http.patch(path, json={}),
        await http.post(f"{path}/publish"),
        await http.get(f"{path}/versions"),
    ):
        refused(answer, 404, "job_not_found")
    assert (await http.get("/v1/jobs")).json()["items"] == []
    assert (await make(http, job["name"]))["id"] != job["id"]


async def test_jobs_are_listed_in_the_order_of_their_creation(http: httpx.AsyncClient) -> None:
    jobs = [await make(http, f"job-{number}") for number in range(4)]

    first = (await http.get("/v1/jobs", params={"limit": 3})).json()
    rest = (await http.get("/v1/jobs", params={"cursor": first["next_cursor"]})).json()

    assert first["items"] + rest["items"] == jobs
    assert rest["next_cursor"] is None


async def test_a_list_is_narrowed_by_name_kind_and_state(http: httpx.AsyncClient) -> None:
    code = await make(http, "code-job", kind="code", config={})
    export = await published(http, "export-job")

    async def listed(**params: str) -> list[str]:
        answer = await http.get("/v1/jobs", params=params)
        return [one["id"] for one in answer.json()["items"]]

    assert await listed(name="code-job") == await listed(kind="code") == [code["id"]]
    assert await listed(state="published") == await listed(kind="export") == [export["id"]]
    assert await listed(state="published", kind="code") == []


async def test_another_accounts_job_is_not_there(tenant: Tenant, make_tenant: MakeTenant) -> None:
    job = await make(tenant.http)
    stranger = (await make_tenant()).http

    for answer in (
        await stranger.get(f"/v1/jobs/{job['id']}"),
        await stranger.patch(f"/v1/jobs/{job['id']}", json={"config": EXPORT}),
        await stranger.delete(f"/v1/jobs/{job['id']}"),
        await stranger.get(f"/v1/jobs/{uuid7()}"),
    ):
        refused(answer, 404, "job_not_found")


async def test_a_job_is_made_once_under_one_idempotency_key(http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": uuid7().hex}

    made = await http.post("/v1/jobs", json=a_job(), headers=headers)
    again = await http.post("/v1/jobs", json=a_job(), headers=headers)

    assert (made.status_code, again.status_code) == (201, 201)
    assert made.json() == again.json()
    assert len((await http.get("/v1/jobs")).json()["items"]) == 1
