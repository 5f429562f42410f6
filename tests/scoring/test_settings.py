"""Scoring settings over HTTP."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.core.auth import Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from app.scoring import queries
from tests.campaigns.making import make_campaign, pointers_of
from tests.conftest import MakeTenant, Tenant

URL = "/v1/scoring/settings"
DEFAULTS: dict[str, Any] = {
    "evaluate_score_immediately": True,
    "evaluate_score_asynchronously": False,
    "scoring_batch_size": 200,
    "evaluation_batch_size": 200,
    "async_users": [],
    "threshold": 100,
    "repeat_limit": 25,
    "score_grace": "PT0S",
    "nurture_timeout": "PT0S",
    "owners": [],
    "reactivation": {"enabled": False, "lookback": "P90D", "default_campaign": None},
}


async def test_a_new_account_has_the_defaults(http: httpx.AsyncClient) -> None:
    answer = await http.get(URL)

    assert answer.json() == DEFAULTS
    assert answer.headers["ETag"] == '"0"'


async def test_what_is_put_is_what_is_read(http: httpx.AsyncClient) -> None:
    campaign = await make_campaign(http, code="comeback")
    wanted = DEFAULTS | {
        "evaluate_score_immediately": False,
        "async_users": [{"user": "marketo", "threshold": 3, "delay": "PT90S"}],
        "owners": ["ada", "bo"],
        "score_grace": "P1D",
        "reactivation": {"enabled": True, "lookback": "P30D", "default_campaign": campaign["id"]},
    }

    put = await http.put(URL, json=wanted)
    read = await http.get(URL)

    assert put.status_code == 200
    assert put.headers["ETag"] == read.headers["ETag"] == '"1"'
    assert put.json() == read.json()
    assert read.json()["async_users"] == [{"user": "marketo", "threshold": 3, "delay": "PT1M30S"}]
    assert read.json()["reactivation"] == wanted["reactivation"]


async def test_a_put_replaces_the_whole_document(http: httpx.AsyncClient) -> None:
    await http.put(URL, json={"threshold": 7, "owners": ["ada"]})

    answer = await http.put(URL, json={"owners": ["bo"]})

    assert answer.json() == DEFAULTS | {"owners": ["bo"]}


async def test_intake_finds_typed_settings_with_a_users_defaults(
    tenant: Tenant, resources: Resources
) -> None:
    async with resources.unit_of_work(tenant.account_id) as session:
        before = await queries.find_settings(session, tenant.account_id)
    await tenant.http.put(URL, json={"async_users": [{"user": "marketo"}]})
    async with resources.unit_of_work(tenant.account_id) as session:
        after = await queries.find_settings(session, tenant.account_id)

    assert before.model_dump(mode="json") == DEFAULTS
    assert (after.async_users[0].user, after.async_users[0].threshold) == ("marketo", 1)
    assert after.async_users[0].delay == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"scoring_batch_size": 0}, ("/scoring_batch_size", "greater_than_equal")),
        ({"evaluation_batch_size": 10_001}, ("/evaluation_batch_size", "less_than_equal")),
        ({"scoring_batch_size": True}, ("/scoring_batch_size", "int_type")),
        ({"threshold": None}, ("/threshold", "int_type")),
        ({"evaluate_score_immediately": "yes"}, ("/evaluate_score_immediately", "bool_type")),
        ({"score_grace": "-PT5S"}, ("/score_grace", "negative_duration")),
        ({"score_grace": 5}, ("/score_grace", "string_type")),
        ({"nurture_timeout": "P99999D"}, ("/nurture_timeout", "too_long")),
        ({"async_users": [{"user": "secret"}] * 2}, ("/async_users/1/user", "repeated")),
        ({"async_users": [{"delay": "PT5M"}]}, ("/async_users/0/user", "missing")),
        ({"async_users": [{"user": "a", "delay": "P2D"}]}, ("/async_users/0/delay", "too_long")),
        (
            {"async_users": [{"user": "a", "threshold": 0}]},
            ("/async_users/0/threshold", "greater_than_equal"),
        ),
        ({"owners": ["ada", "bo", "ada"]}, ("/owners/2", "repeated")),
        ({"owners": [f"o{n}" for n in range(1001)]}, ("/owners", "too_long")),
        ({"reactivation": {"on": True}}, ("/reactivation/on", "extra_forbidden")),
        ({"tresholds": 1}, ("/tresholds", "extra_forbidden")),
        (
            {"reactivation": {"default_campaign": "secret"}},
            ("/reactivation/default_campaign", "campaign_not_found"),
        ),
    ],
)
async def test_settings_that_make_no_sense_are_refused_at_the_place(
    http: httpx.AsyncClient, fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    answer = await http.put(URL, json=fields)

    assert answer.status_code == 422
    assert pointers_of(answer) == [expected]
    assert "secret" not in answer.text
    assert (await http.get(URL)).json() == DEFAULTS


async def test_the_default_campaign_of_another_account_does_not_count(
    make_tenant: MakeTenant,
) -> None:
    mine, other = await make_tenant(), await make_tenant()
    theirs = await make_campaign(other.http)

    for reference in (theirs["id"], theirs["code"], str(uuid7())):
        answer = await mine.http.put(URL, json={"reactivation": {"default_campaign": reference}})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")


async def test_of_writers_who_read_the_same_version_one_wins(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(http.put(URL, json={"threshold": n}, headers={"If-Match": '"0"'}) for n in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert (await http.get(URL)).headers["ETag"] == '"1"'


async def test_accounts_have_settings_of_their_own(make_tenant: MakeTenant) -> None:
    mine, other = await make_tenant(), await make_tenant()

    await mine.http.put(URL, json={"threshold": 7})

    assert (await other.http.get(URL)).json() == DEFAULTS


async def test_reading_needs_read_and_putting_needs_manage(make_tenant: MakeTenant) -> None:
    reader, manager = await make_tenant(Scope.READ), await make_tenant(Scope.MANAGE)

    for answer in (await reader.http.put(URL, json={}), await manager.http.get(URL)):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
