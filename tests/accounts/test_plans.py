"""The installation makes accounts and changes plans; an account sees its own."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.provision import issue_key
from app.core.auth import Scope
from app.core.ids import NIL, uuid7
from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant

DEFAULTS = {
    "jobs": 5,
    "executions_per_day": 24,
    "minutes_per_day": 240,
    "invocations_per_job": 10,
    "max_retries": 1,
    "minimum_gap_minutes": 60,
    "zip_bytes": 4_194_304,
    "database_access": False,
    "code_jobs": True,
    "quota_mode": "book",
}


@pytest.fixture
async def platform(make_tenant: MakeTenant) -> httpx.AsyncClient:
    return (await make_tenant(platform=True)).http


def a_name() -> str:
    return f"account {uuid7().hex}"


async def test_a_new_account_has_the_default_plan(platform: httpx.AsyncClient) -> None:
    name = a_name()

    answer = await platform.post("/v1/accounts", json={"name": name, "timezone": "Asia/Tokyo"})

    made = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert (made["name"], made["timezone"], made["plan"]) == (name, "Asia/Tokyo", DEFAULTS)


async def test_an_account_made_over_http_works_with_a_key(
    platform: httpx.AsyncClient, app: FastAPI, resources: Resources
) -> None:
    name = a_name()
    made = (await platform.post("/v1/accounts", json={"name": name, "plan": {"jobs": 9}})).json()
    key = await issue_key(resources, account=name, user="ann", scopes=[Scope.READ])

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://penstock",
        headers={"Authorization": f"Bearer {key}"},
    ) as http:
        account = (await http.get("/v1/account")).json()

    assert account == made
    assert account["plan"] == DEFAULTS | {"jobs": 9}


async def test_an_account_sees_its_changed_plan(
    platform: httpx.AsyncClient, tenant: Tenant
) -> None:
    path = f"/v1/accounts/{tenant.account_id}/plan"

    changed = await platform.patch(path, json={"minutes_per_day": 60, "quota_mode": "reserve"})
    again = await platform.patch(path, json={"jobs": 7, "minutes_per_day": None})

    assert changed.json()["plan"] == DEFAULTS | {"minutes_per_day": 60, "quota_mode": "reserve"}
    assert again.json()["plan"] == DEFAULTS | {"jobs": 7, "quota_mode": "reserve"}
    seen = await tenant.http.get("/v1/account")
    assert seen.json() == again.json()
    assert seen.headers["ETag"] == again.headers["ETag"] == '"3"'


async def test_a_stale_etag_of_a_plan_is_refused_with_412(
    platform: httpx.AsyncClient, tenant: Tenant
) -> None:
    path = f"/v1/accounts/{tenant.account_id}/plan"

    answer = await platform.patch(path, json={"jobs": 7}, headers={"If-Match": '"7"'})

    assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")


@pytest.mark.parametrize("account_id", [uuid7(), NIL])
async def test_a_plan_of_no_tenant_is_not_found(
    platform: httpx.AsyncClient, account_id: object
) -> None:
    answer = await platform.patch(f"/v1/accounts/{account_id}/plan", json={"jobs": 1})

    assert (answer.status_code, answer.json()["code"]) == (404, "account_not_found")


@pytest.mark.parametrize(
    "plan",
    [{"jobs": -1}, {"jobs": "5"}, {"jobs": True}, {"jobs": 10**12}, {"quota_mode": "x"},
     {"code_jobs": 1}, {"unknown": 1}],
)  # fmt: skip
async def test_a_plan_takes_its_own_fields_only(
    platform: httpx.AsyncClient, tenant: Tenant, plan: dict[str, Any]
) -> None:
    made = await platform.post("/v1/accounts", json={"name": a_name(), "plan": plan})
    changed = await platform.patch(f"/v1/accounts/{tenant.account_id}/plan", json=plan)

    field = next(iter(plan))
    assert (made.status_code, made.json()["errors"][0]["pointer"]) == (422, f"/plan/{field}")
    assert (changed.status_code, changed.json()["errors"][0]["pointer"]) == (422, f"/{field}")


async def test_a_taken_name_is_refused_with_409(
    platform: httpx.AsyncClient, tenant: Tenant
) -> None:
    answer = await platform.post("/v1/accounts", json={"name": tenant.name})

    assert (answer.status_code, answer.json()["code"]) == (409, "account_name_taken")


async def test_accounts_are_made_once_under_one_idempotency_key(
    platform: httpx.AsyncClient, tenant: Tenant
) -> None:
    order, headers = {"name": a_name()}, {"Idempotency-Key": uuid7().hex}
    made = await platform.post("/v1/accounts", json=order, headers=headers)
    again = await platform.post("/v1/accounts", json=order, headers=headers)

    taken, refusal = {"name": tenant.name}, {"Idempotency-Key": uuid7().hex}
    refused = await platform.post("/v1/accounts", json=taken, headers=refusal)
    refused_again = await platform.post("/v1/accounts", json=taken, headers=refusal)

    assert (made.status_code, again.status_code) == (201, 201)
    assert again.json() == made.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (refused.status_code, refused_again.status_code) == (409, 409)
    assert refused_again.headers["Idempotency-Replayed"] == "true"


async def test_an_account_key_makes_no_accounts_and_changes_no_plans(tenant: Tenant) -> None:
    made = await tenant.http.post("/v1/accounts", json={"name": a_name()})
    changed = await tenant.http.patch(
        f"/v1/accounts/{tenant.account_id}/plan", json={"jobs": 1_000}
    )

    for answer in (made, changed):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
