"""Keys: made once and shown once, listed without their secret, revoked."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.core import clock
from app.core.auth import Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from app.models import IdempotencyKey
from tests.accounts.making import Using, expire, make_key, status_with
from tests.conftest import MakeTenant, Tenant


async def test_a_new_key_works_and_carries_its_scopes(tenant: Tenant, using: Using) -> None:
    made = await make_key(tenant.http, kind="person", scopes=["read", "read", "ingest"])

    assert made["key"].startswith(f"pk_{made['api_key']['public_id']}_")
    assert (made["api_key"]["user"], made["api_key"]["kind"]) == ("ann", "person")
    assert made["api_key"]["scopes"] == ["ingest", "read"]
    async with using(made["key"]) as http:
        assert (await http.get("/v1/account")).status_code == 200
        refused = await http.get("/v1/api-keys")
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")


async def test_the_list_never_shows_a_secret(tenant: Tenant) -> None:
    made = [await make_key(tenant.http, user=user) for user in ("ann", "bob", "ann")]

    first = await tenant.http.get("/v1/api-keys?limit=2")
    second = await tenant.http.get(
        "/v1/api-keys", params={"limit": 2, "cursor": first.json()["next_cursor"]}
    )

    listed = first.json()["items"] + second.json()["items"]
    assert listed[1:] == [one["api_key"] for one in made]
    assert [one["user"] for one in listed] == ["marketo", "ann", "bob", "ann"]
    for one in made:
        assert one["key"].split("_")[2] not in first.text + second.text
    assert "digest" not in first.text


async def test_a_repeated_answer_does_not_show_the_key(
    tenant: Tenant, resources: Resources
) -> None:
    order, headers = {"user": "ann", "scopes": ["read"]}, {"Idempotency-Key": uuid7().hex}

    made = await tenant.http.post("/v1/api-keys", json=order, headers=headers)
    again = await tenant.http.post("/v1/api-keys", json=order, headers=headers)

    assert (made.status_code, again.status_code) == (201, 201)
    assert made.json()["key"] is not None
    assert again.json() == made.json() | {"key": None}
    assert len((await tenant.http.get("/v1/api-keys")).json()["items"]) == 2
    async with resources.unit_of_work(tenant.account_id) as session:
        kept = (await session.exec(select(IdempotencyKey.body))).one()
    assert kept is not None
    assert made.json()["key"].split("_")[2].encode() not in kept


async def test_platform_cannot_be_granted_by_an_accounts_key(tenant: Tenant) -> None:
    answer = await tenant.http.post(
        "/v1/api-keys", json={"user": "ann", "scopes": ["read", "platform"]}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "scope_not_grantable")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/scopes/1"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [({"scopes": []}, "/scopes"), ({"scopes": ["root"]}, "/scopes/0"), ({"scopes": 1}, "/scopes"),
     ({"user": ""}, "/user"), ({"kind": "robot"}, "/kind"),
     ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
     ({"expires_at": "2090-01-01T00:00:00"}, "/expires_at"), ({"expires_at": 1}, "/expires_at")],
)  # fmt: skip
async def test_a_key_that_makes_no_sense_is_refused(
    tenant: Tenant, fields: dict[str, Any], pointer: str
) -> None:
    order = {"user": "ann", "scopes": ["read"]} | fields

    answer = await tenant.http.post("/v1/api-keys", json=order)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_user_does_not_change_its_kind(tenant: Tenant) -> None:
    await make_key(tenant.http, user="ann", kind="person")

    answer = await tenant.http.post(
        "/v1/api-keys", json={"user": "ann", "kind": "integration", "scopes": ["read"]}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "user_kind_differs")
    assert (await make_key(tenant.http, user="ann"))["api_key"]["kind"] == "person"


async def test_a_revoked_key_is_refused_and_revoking_is_repeatable(
    tenant: Tenant, using: Using
) -> None:
    made = await make_key(tenant.http)
    path = f"/v1/api-keys/{made['api_key']['id']}"

    first = await tenant.http.delete(path)
    revoked_at = (await tenant.http.get("/v1/api-keys")).json()["items"][1]["revoked_at"]
    second = await tenant.http.delete(path)

    assert (first.status_code, second.status_code, first.content) == (204, 204, b"")
    assert (await tenant.http.get("/v1/api-keys")).json()["items"][1]["revoked_at"] == revoked_at
    async with using(made["key"]) as http:
        answer = await http.get("/v1/account")
    assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_an_expired_key_is_refused(
    tenant: Tenant, using: Using, resources: Resources
) -> None:
    in_an_hour = (clock.real_now() + timedelta(hours=1)).isoformat()
    made = await make_key(tenant.http, expires_at=in_an_hour)
    assert await status_with(using(made["key"])) == 200

    await expire(resources, tenant, made["api_key"]["id"], ago=timedelta(seconds=1))

    assert await status_with(using(made["key"])) == 401


async def test_another_accounts_keys_are_not_found(make_tenant: MakeTenant) -> None:
    one, two = await make_tenant(), await make_tenant()
    theirs = str(two.caller.key_id)

    answers = [
        await one.http.delete(f"/v1/api-keys/{theirs}"),
        await one.http.post(f"/v1/api-keys/{theirs}/rotate"),
        await one.http.delete(f"/v1/api-keys/{uuid7()}"),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (404, "api_key_not_found")
    listed = (await one.http.get("/v1/api-keys")).json()["items"]
    assert [key["id"] for key in listed] == [str(one.caller.key_id)]
    assert (await two.http.get("/v1/account")).status_code == 200


@pytest.mark.parametrize("scope", [s for s in Scope if s not in (Scope.ADMIN, Scope.PLATFORM)])
async def test_keys_need_the_scope_admin(make_tenant: MakeTenant, scope: Scope) -> None:
    tenant = await make_tenant(scope)
    key = tenant.caller.key_id

    answers = [
        await tenant.http.get("/v1/api-keys"),
        await tenant.http.post("/v1/api-keys", json={"user": "ann", "scopes": ["read"]}),
        await tenant.http.delete(f"/v1/api-keys/{key}"),
        await tenant.http.post(f"/v1/api-keys/{key}/rotate"),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
