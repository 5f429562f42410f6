"""Campaigns over HTTP."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import col, select

from app.core.auth import Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from app.models import Lane
from tests.campaigns.making import make_campaign, pointers_of, response_of
from tests.conftest import MakeTenant, Tenant

SENT = {"name": "Sent", "responded": False, "step": 1}
RESPONDED = {"name": "Responded", "responded": True, "step": 2}
ATTENDED = {"name": "Attended", "responded": True, "step": 3}


async def test_a_campaign_of_two_words_gets_the_default_member_statuses(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post("/v1/campaigns", json={"code": "spring", "name": "Spring"})

    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/campaigns/{made['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert made["member_statuses"] == [SENT, RESPONDED]
    assert made["default_responded_status"] == "Responded"
    assert (made["score"], made["threshold"], made["owners"]) == (0, None, None)
    assert (await http.get(answer.headers["Location"])).json() == made


async def test_everything_given_is_kept(http: httpx.AsyncClient) -> None:
    wanted: dict[str, Any] = {
        "code": "spring-2026",
        "name": "Spring",
        "member_statuses": [SENT, ATTENDED, RESPONDED],
        "default_responded_status": "Attended",
        "score": -5,
        "threshold": 70,
        "repeat_limit": 3,
        "owners": ["ada", "bo"],
        "attributes": {"region": "EMEA"},
    }
    schedule = {"type": "daily", "at": ["02:30"]}

    made = (await http.post("/v1/campaigns", json=wanted | {"auto_launch": schedule})).json()

    assert {field: made[field] for field in wanted} == wanted
    assert {field: made["auto_launch"][field] for field in schedule} == schedule


async def test_the_default_status_is_the_responded_one_with_the_lowest_step(
    http: httpx.AsyncClient,
) -> None:
    made = await make_campaign(http, member_statuses=[ATTENDED, SENT, RESPONDED])

    assert made["default_responded_status"] == "Responded"


async def test_a_campaign_is_born_with_its_lane(tenant: Tenant, resources: Resources) -> None:
    made = await make_campaign(tenant.http)

    async with resources.unit_of_work(tenant.account_id) as session:
        found = await session.exec(
            select(Lane.token, Lane.holder).where(col(Lane.campaign_id) == UUID(made["id"]))
        )
        assert found.one() == (0, None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"member_statuses": []}, ("/member_statuses", "no_responded_status")),
        ({"member_statuses": [SENT]}, ("/member_statuses", "no_responded_status")),
        ({"default_responded_status": "Sent"}, ("/default_responded_status", "not_responded")),
        ({"default_responded_status": "secret"}, ("/default_responded_status", "not_responded")),
        ({"member_statuses": [SENT, ATTENDED, SENT]}, ("/member_statuses/2/name", "repeated")),
        (
            {"member_statuses": [RESPONDED | {"step": 1001}]},
            ("/member_statuses/0/step", "less_than_equal"),
        ),
        (
            {"member_statuses": [RESPONDED | {"step": -1}]},
            ("/member_statuses/0/step", "greater_than_equal"),
        ),
        (
            {"member_statuses": [RESPONDED | {"responded": "yes"}]},
            ("/member_statuses/0/responded", "bool_type"),
        ),
        ({"owners": ["ada", "ada"]}, ("/owners/1", "repeated")),
        ({"score": 1.5}, ("/score", "int_type")),
        ({"score": 10**9 + 1}, ("/score", "less_than_equal")),
        ({"repeat_limit": -1}, ("/repeat_limit", "greater_than_equal")),
        ({"code": "secret\n"}, ("/code", "string_pattern_mismatch")),
        ({"name": "secret\x00"}, ("/name", "bad_text")),
        ({"auto_launch": "secret"}, ("/auto_launch", "model_attributes_type")),
        ({"attributes": {"a": {"b": "secret\x00"}}}, ("/attributes/a/b", "bad_text")),
        ({"budget": "secret"}, ("/budget", "extra_forbidden")),
    ],
)
async def test_a_campaign_that_makes_no_sense_is_refused_at_the_place(
    http: httpx.AsyncClient, fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    wanted: dict[str, Any] = {"code": "spring", "name": "Spring"}

    answer = await http.post("/v1/campaigns", json=wanted | fields)

    assert answer.status_code == 422
    assert pointers_of(answer) == [expected]
    assert "secret" not in answer.text


async def test_a_code_is_taken_once_an_account(make_tenant: MakeTenant) -> None:
    first, second = await make_tenant(), await make_tenant()
    await make_campaign(first.http, code="spring")
    other = await make_campaign(first.http, code="summer")

    again = await first.http.post("/v1/campaigns", json={"code": "spring", "name": "Spring"})
    moved = await first.http.patch(f"/v1/campaigns/{other['id']}", json={"code": "spring"})
    elsewhere = await second.http.post("/v1/campaigns", json={"code": "spring", "name": "Spring"})

    assert (again.status_code, again.json()["code"]) == (409, "campaign_code_taken")
    assert (moved.status_code, moved.json()["code"]) == (409, "campaign_code_taken")
    assert elsewhere.status_code == 201


async def test_of_two_creations_at_once_one_gets_the_code(http: httpx.AsyncClient) -> None:
    wanted = {"code": "spring", "name": "Spring"}

    answers = await asyncio.gather(*(http.post("/v1/campaigns", json=wanted) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_the_list_is_paged_in_order_and_filtered_by_code(http: httpx.AsyncClient) -> None:
    made = [await make_campaign(http, code=f"c{index}") for index in range(3)]

    first = (await http.get("/v1/campaigns", params={"limit": 2})).json()
    params = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await http.get("/v1/campaigns", params=params)).json()
    one = (await http.get("/v1/campaigns", params={"code": "c1"})).json()
    misused = await http.get("/v1/campaigns", params=params | {"code": "c1"})

    assert first["items"] + second["items"] == made
    assert second["next_cursor"] is None
    assert one == {"items": [made[1]], "next_cursor": None}
    assert (misused.status_code, misused.json()["code"]) == (422, "bad_cursor")


async def test_absent_fields_stay_and_null_takes_an_override_away(
    http: httpx.AsyncClient,
) -> None:
    made = await make_campaign(http, threshold=70, owners=["ada"], score=3)

    answer = await http.patch(f"/v1/campaigns/{made['id']}", json={"threshold": None, "score": 4})

    changed = answer.json()
    assert answer.headers["ETag"] == '"2"'
    assert (changed["threshold"], changed["score"], changed["owners"]) == (None, 4, ["ada"])
    assert changed["member_statuses"] == made["member_statuses"]


@pytest.mark.parametrize("field", ["code", "name", "member_statuses", "score", "attributes"])
async def test_what_every_campaign_has_cannot_be_taken_away(
    http: httpx.AsyncClient, field: str
) -> None:
    made = await make_campaign(http)

    answer = await http.patch(f"/v1/campaigns/{made['id']}", json={field: None})

    assert (answer.status_code, pointers_of(answer)) == (422, [(f"/{field}", "null")])


async def test_a_stale_etag_is_refused(http: httpx.AsyncClient) -> None:
    made = await make_campaign(http)
    url, first = f"/v1/campaigns/{made['id']}", {"If-Match": '"1"'}

    changed = await http.patch(url, json={"name": "Summer"}, headers=first)
    stale = await http.patch(url, json={"name": "Autumn"}, headers=first)

    assert changed.status_code == 200
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert (await http.get(url)).json()["name"] == "Summer"


async def test_the_default_status_must_outlive_a_change_of_the_statuses(
    http: httpx.AsyncClient,
) -> None:
    url = f"/v1/campaigns/{(await make_campaign(http))['id']}"
    statuses = [SENT, ATTENDED]

    refused = await http.patch(url, json={"member_statuses": statuses})
    named = await http.patch(
        url, json={"member_statuses": statuses, "default_responded_status": "Attended"}
    )
    chosen = await http.patch(
        url, json={"member_statuses": [SENT, RESPONDED], "default_responded_status": None}
    )

    assert pointers_of(refused) == [("/default_responded_status", "not_responded")]
    assert named.json()["default_responded_status"] == "Attended"
    assert chosen.json()["default_responded_status"] == "Responded"


@pytest.mark.parametrize(
    "statuses", [[RESPONDED], [SENT | {"responded": True}, RESPONDED]], ids=["gone", "turned"]
)
async def test_a_member_status_that_responses_have_keeps_its_meaning(
    tenant: Tenant, resources: Resources, statuses: list[dict[str, Any]]
) -> None:
    made = await make_campaign(tenant.http)
    url = f"/v1/campaigns/{made['id']}"
    async with resources.unit_of_work(tenant.account_id) as session:
        session.add(response_of(tenant.account_id, made["id"], member_status="Sent"))

    refused = await tenant.http.patch(url, json={"member_statuses": statuses})
    moved = await tenant.http.patch(
        url, json={"member_statuses": [SENT | {"step": 0}, ATTENDED, RESPONDED]}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "member_status_in_use")
    assert moved.status_code == 200


async def test_an_unused_member_status_may_go(http: httpx.AsyncClient) -> None:
    made = await make_campaign(http)

    answer = await http.patch(f"/v1/campaigns/{made['id']}", json={"member_statuses": [RESPONDED]})

    assert answer.json()["member_statuses"] == [RESPONDED]


async def test_the_campaigns_of_another_account_do_not_exist(make_tenant: MakeTenant) -> None:
    mine, other = await make_tenant(), await make_tenant()
    url = f"/v1/campaigns/{(await make_campaign(mine.http))['id']}"

    for answer in (
        await other.http.get(url),
        await other.http.patch(url, json={"name": "Summer"}),
        await other.http.get(f"{url}/stats"),
        await mine.http.get(f"/v1/campaigns/{uuid7()}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "campaign_not_found")
    assert (await other.http.get("/v1/campaigns")).json()["items"] == []


async def test_reading_needs_read_and_changing_needs_manage(make_tenant: MakeTenant) -> None:
    reader, manager = await make_tenant(Scope.READ), await make_tenant(Scope.MANAGE)
    wanted = {"code": "spring", "name": "Spring"}

    for answer in (
        await reader.http.post("/v1/campaigns", json=wanted),
        await reader.http.patch(f"/v1/campaigns/{uuid7()}", json={}),
        await manager.http.get("/v1/campaigns"),
        await manager.http.get(f"/v1/campaigns/{uuid7()}"),
        await manager.http.get(f"/v1/campaigns/{uuid7()}/stats"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
