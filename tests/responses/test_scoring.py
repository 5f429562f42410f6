"""Scores: the sum of their parts, kept with them; chunks of at most the batch size."""

from collections import Counter
from typing import Any

import httpx
import pytest

from app.core.driver import driver_of
from app.core.ids import uuid7
from app.models.states import ResponseStatus
from app.responses.lanes import lease as leases
from app.responses.lanes.due import due_for_scoring
from app.responses.lanes.scoring import score_chunk
from tests.conftest import MakeTenant, Tenant
from tests.people.making import an_email
from tests.responses.conftest import Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    MANUAL,
    SYNCHRONOUS,
    Json,
    a_campaign,
    an_item,
    claim,
    configure,
    get,
    listed_responses,
    post,
    post_all,
    read,
    runs_of,
    status_of,
)
from workers.work import Work

RULESETS = "/v1/scoring/rulesets"


def a_rule(name: str, points: int, *, title: str) -> Json:
    criteria = {"field": "person.title", "op": "contains", "value": title}
    return {"name": name, "criteria": criteria, "points": points}


RULES = [
    a_rule("vice presidents", 40, title="VP"),
    a_rule("engineers", 7, title="Engineer"),
    a_rule("students", -15, title="Student"),
    a_rule("sales", 1000, title="Sales"),
]


async def add_ruleset(http: httpx.AsyncClient, *rules: Json, is_active: bool = True) -> Json:
    answer = await http.post(RULESETS, json={"name": "rules", "rules": list(rules)})
    assert answer.status_code == 201, answer.text
    added: Json = answer.json()
    if is_active:
        await activate(http, added)
    return added


async def activate(http: httpx.AsyncClient, ruleset: Json) -> None:
    answer = await http.post(f"{RULESETS}/{ruleset['id']}/activate")
    assert answer.status_code == 200, answer.text


async def score_of(http: httpx.AsyncClient, response: Json) -> Json:
    return await get(http, f"responses/{response['id']}/score")


def vp(**fields: Any) -> Json:
    return {"email": an_email(), "title": "VP Engineering", **fields}


async def test_a_lane_is_scored_in_chunks_of_at_most_the_batch_size(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_campaign(http)
    await configure(http, ASYNCHRONOUS, scoring_batch_size=10)

    await post_all(http, [an_item(campaign) for _ in range(25)])
    await settle()

    scored = Counter(each["scored_at"] for each in await listed_responses(http, campaign))
    assert sorted(scored.values()) == [5, 10, 10]
    (run,) = await runs_of(http, campaign)
    assert (run["details"]["scoring"]["chunks"], run["details"]["scoring"]["rows"]) == (3, 25)


@pytest.mark.parametrize("mode", [SYNCHRONOUS, ASYNCHRONOUS])
async def test_the_score_is_the_sum_of_person_campaign_response_and_matching_rules(
    http: httpx.AsyncClient, settle: Settle, mode: Json
) -> None:
    campaign = await a_campaign(http, score=20)
    await configure(http, mode)
    ruleset = await add_ruleset(http, *RULES)
    person = {"email": an_email(), "title": "VP Engineering, Student, Engineer", "score": 3}

    taken = await post(http, campaign, person=person, score=5)
    await settle()

    found = await score_of(http, taken)
    assert {part: found[part] for part in ("total", "person", "campaign", "response")} == {
        "total": 60,
        "person": 3,
        "campaign": 20,
        "response": 5,
    }
    assert found["rules"] == [
        {"position": 1, "name": "vice presidents", "points": 40},
        {"position": 2, "name": "engineers", "points": 7},
        {"position": 3, "name": "students", "points": -15},
    ]
    assert found["ruleset_version"] == ruleset["version"]
    assert found["total"] == (await read(http, taken))["score_total"]


async def test_the_parts_always_add_up(http: httpx.AsyncClient, settle: Settle) -> None:
    campaign = await a_campaign(http, score=-8)
    await configure(http, ASYNCHRONOUS)
    await add_ruleset(http, *RULES)
    titles = ["VP Sales", "Student", "", "Engineer", "VP, Student, Sales, Engineer"]
    people = [
        {"email": an_email(), "score": 11 * n, **({"title": title} if title else {})}
        for n, title in enumerate(titles, start=-2)
    ]

    taken = await post_all(
        http, [an_item(campaign, person=each, score=n) for n, each in enumerate(people)]
    )
    await settle()

    for each in taken:
        found = await score_of(http, each)
        rules = sum(rule["points"] for rule in found["rules"])
        assert found["total"] == found["person"] + found["campaign"] + found["response"] + rules
        assert found["campaign"] == -8


async def test_negative_points_take_away(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http, score=10)
    await add_ruleset(http, *RULES)

    taken = await post(http, campaign, person={"email": an_email(), "title": "Student"})

    assert (await score_of(http, taken))["total"] == -5


async def test_an_inactive_ruleset_adds_nothing(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    await add_ruleset(http, *RULES, is_active=False)

    found = await score_of(http, await post(http, campaign, person=vp()))

    assert (found["total"], found["rules"], found["ruleset_version"]) == (100, [], None)


async def test_activation_affects_only_later_scoring(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    await add_ruleset(http, *RULES)
    earlier = await post(http, campaign, person=vp())
    before = await score_of(http, earlier)

    await add_ruleset(http, a_rule("renamed", 2, title="VP"))
    later = await score_of(http, await post(http, campaign, person=vp()))

    assert await score_of(http, earlier) == before
    assert (before["total"], before["ruleset_version"]) == (147, 1)
    assert (later["total"], later["ruleset_version"]) == (102, 2)
    assert [rule["name"] for rule in later["rules"]] == ["renamed"]


async def test_an_earlier_version_can_be_activated_again(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    first = await add_ruleset(http, *RULES)
    await add_ruleset(http, a_rule("renamed", 2, title="VP"))

    await activate(http, first)

    found = await score_of(http, await post(http, campaign, person=vp()))
    assert (found["total"], found["ruleset_version"]) == (147, 1)


async def test_a_waiting_response_is_scored_by_the_version_active_when_it_is_scored(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_campaign(http)
    await configure(http, ASYNCHRONOUS)
    await add_ruleset(http, *RULES)
    taken = await post(http, campaign, person=vp())

    await add_ruleset(http, a_rule("renamed", 2, title="VP"))
    await settle()

    assert (await score_of(http, taken))["ruleset_version"] == 2


async def test_rules_may_ask_about_campaign_and_response_too(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http, attributes={"tier": "gold"})
    both = {
        "all": [
            {"field": "campaign.attributes.tier", "op": "equals", "value": "gold"},
            {"field": "response.attributes.form", "op": "equals", "value": "demo"},
        ]
    }
    await add_ruleset(http, {"name": "both", "criteria": both, "points": 9})

    matching = await post(http, campaign, attributes={"form": "demo"})
    other = await post(http, campaign, attributes={"form": "news"})

    assert [(await score_of(http, each))["total"] for each in (matching, other)] == [109, 100]


async def test_another_accounts_rules_add_nothing(
    tenant: Tenant, make_tenant: MakeTenant, settle: Settle
) -> None:
    stranger = await make_tenant()
    await add_ruleset(stranger.http, *RULES)
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, ASYNCHRONOUS)

    taken = await post(tenant.http, campaign, person=vp())
    await settle()

    assert (await score_of(tenant.http, taken))["total"] == 100


async def test_afterwards_the_response_is_pending_tqr(
    tenant: Tenant, work: Work, settle: Settle
) -> None:
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, ASYNCHRONOUS)
    taken = await post(tenant.http, campaign)

    lease = await claim(work, tenant, campaign)
    async with work.resources.unit_of_work(tenant.account_id) as session:
        terms = await leases.renew(session, lease, by=work.settings.scoring.lease)
        due = await due_for_scoring(session, lease, terms)
        chunk = await score_chunk(session, lease, terms, due)
        await chunk.writes.write(await driver_of(session))

    assert await status_of(tenant.http, taken) == ResponseStatus.PENDING_TQR
    assert (await score_of(tenant.http, taken))["total"] == 100
    async with work.resources.unit_of_work(tenant.account_id) as session:
        await leases.release(session, lease, is_drained=False)
    await settle()
    assert await status_of(tenant.http, taken) == ResponseStatus.OPEN


async def test_a_response_that_is_not_scored_yet_has_no_score_to_show(
    http: httpx.AsyncClient, make_tenant: MakeTenant
) -> None:
    campaign = await a_campaign(http)
    await configure(http, MANUAL)
    waiting = await post(http, campaign)
    never = await post(http, campaign, member_status="Sent")

    for each in (waiting, never):
        answer = await http.get(f"/v1/responses/{each['id']}/score")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_scored")

    unknown = await http.get(f"/v1/responses/{uuid7()}/score")
    theirs = await (await make_tenant()).http.get(f"/v1/responses/{waiting['id']}/score")
    assert unknown.status_code == theirs.status_code == 404
