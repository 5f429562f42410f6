"""The same rows by file and in one request: the same people, records, scores and results."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from app.core.resources import Resources
from tests.conftest import MakeTenant
from tests.imports.imports_making import (
    Site,
    as_table,
    get,
    lines_of,
    listed,
    site_of,
    take_in,
)
from tests.imports.uploads_making import Json
from tests.people.making import upsert
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    MANUAL,
    SYNCHRONOUS,
    configure,
)
from tests.responses.engine_making import (
    listed as held,
)
from workers.sweep import settle
from workers.work import Work

STATUSES = [
    {"name": "Invited", "responded": False, "step": 1},
    {"name": "Opened", "responded": False, "step": 2},
    {"name": "Filled", "responded": True, "step": 3},
    {"name": "Came", "responded": True, "step": 4},
]
# Of two campaigns, each with people of its own: which lane commits first is nobody's promise.
CAMPAIGNS: list[Json] = [
    {"code": "spring", "score": 20, "owners": ["alice", "bob"], "member_statuses": STATUSES},
    {
        "code": "autumn",
        "threshold": 45,
        "owners": ["carol"],
        "repeat_limit": 3,
        "member_statuses": [
            {"name": "Sent", "responded": False, "step": 1},
            {"name": "Responded", "responded": True, "step": 2},
        ],
    },
]
RULES = [
    ("decides", 40, {"field": "person.title", "op": "starts_with", "value": "VP"}),
    ("came", 15, {"field": "response.member_status", "op": "equals", "value": "Came"}),
    ("again", -10, {"field": "response.repeat_number", "op": "gt", "value": 1}),
]
MODES: dict[str, tuple[Json, ...]] = {
    "synchronous": (SYNCHRONOUS,),
    "asynchronous": (ASYNCHRONOUS,),
    "manual": (MANUAL,),
    "window": (SYNCHRONOUS, held(threshold=1_000)),
    "grace": (ASYNCHRONOUS, {"score_grace": "PT1H"}),
}
_NOT_COMPARED = {
    *("id", "campaign_id", "person_id", "received_at", "scored_at", "resolved_at", "created_at"),
    *("updated_at", "active_response_id", "last_response_at"),
}


async def furnish(site: Site, *settings: Json) -> None:
    """The account as it is before the rows come."""
    await configure(site.http, *settings, threshold=60)
    for campaign in CAMPAIGNS:
        made = await site.http.post("/v1/campaigns", json={"name": "C", **campaign})
        assert made.status_code == 201, made.text
    rules = [{"name": n, "points": points, "criteria": which} for n, points, which in RULES]
    made = await site.http.post("/v1/scoring/rulesets", json={"name": "R", "rules": rules})
    assert made.status_code == 201, made.text
    await site.http.post(f"/v1/scoring/rulesets/{made.json()['id']}/activate")
    busy = await upsert(site.http, email="p0@example.com", external_id="x0", score=50)
    await upsert(site.http, email="p1@example.com", title="VP Sales", score=30)
    deal = await site.http.post("/v1/opportunities", json={"name": "Turbines"})
    contacts = {"contacts": [{"person_id": busy["id"]}]}
    place = f"/v1/opportunities/{deal.json()['id']}/contacts"
    assert (await site.http.put(place, json=contacts)).status_code == 200


# How often a cell says something, and what.
CELLS: dict[str, tuple[float, Callable[[Random], object]]] = {
    "responded_at": (0.6, lambda dice: f"2026-03-{1 + dice.randrange(5):02}T10:00:00Z"),
    "title": (0.4, lambda dice: dice.choice(("VP Sales", "Clerk"))),
    "person.score": (0.3, lambda dice: dice.randrange(50)),
    "score": (0.3, lambda dice: dice.randrange(30)),
    "attributes.source": (0.3, lambda dice: f"s{dice.randrange(9)}"),
    "opted_out": (0.1, lambda dice: "true"),
}
MISTAKES: tuple[Json, ...] = (
    {"email": "nonsense"},
    {"campaign": "winter"},
    {"member_status": "Danced"},
    {"email": "", "person.external_id": ""},
    {"responded_at": "tomorrow"},
    {"score": "many"},
)


def some_rows(seed: int, how_many: int, *, has_prompts: bool) -> list[Json]:
    """Rows that meet each other: as cells of a file, by the names of their columns."""
    dice = Random(seed)
    rows: list[Json] = []
    for _ in range(how_many):
        campaign = dice.choice(CAMPAIGNS)
        people = range(CAMPAIGNS.index(campaign), 10, 2)
        someone = dice.choice(people)
        # At times another's, so that e-mail and external id name two people.
        other = dice.choice(people) if dice.random() < 0.2 else someone
        ways: list[Json] = [
            {"email": f"p{someone}@example.com"},
            {"person.external_id": f"x{someone}"},
            {"email": f"p{someone}@example.com", "person.external_id": f"x{other}"},
        ]
        row: Json = {"campaign": campaign["code"], **dice.choice(ways)}
        if dice.random() < 0.6:
            row["member_status"] = dice.choice(campaign["member_statuses"])["name"]
        row |= {
            name: str(make(dice)) for name, (often, make) in CELLS.items() if dice.random() < often
        }
        if dice.random() < 0.5:
            row["external_id"] = f"{campaign['code']}-{dice.randrange(how_many)}"
        if has_prompts and dice.random() < 0.1:
            row["response_prompt"] = "true"
        if dice.random() < 0.1:
            row |= dice.choice(MISTAKES)
        rows.append(row)
    return rows


def as_item(row: Json) -> Json:
    """The same row as the API is told it."""
    item: Json = {"campaign": row["campaign"], "person": {}}
    for name, cell in row.items():
        if cell == "":
            continue
        value: Any = int(cell) if name.endswith("score") and cell.isdigit() else cell
        value = True if cell == "true" else value
        if name in ("email", "title", "opted_out"):
            item["person"][name] = value
        elif name.startswith("person."):
            item["person"][name.removeprefix("person.")] = value
        elif name.startswith("attributes."):
            item.setdefault("attributes", {})[name.removeprefix("attributes.")] = value
        else:
            item[name] = value
    return item


async def results_over_http(site: Site, rows: Sequence[Json]) -> list[tuple[str, str]]:
    """What became of each row: a word and its reason."""
    body = {"responses": [as_item(row) for row in rows]}
    answer = await site.http.post("/v1/responses/batch", json=body)
    assert answer.status_code in (200, 202), answer.text
    found = []
    for one in answer.json()["results"]:
        reason = one["errors"][0]["code"] if one["errors"] else one["reason"]
        word = "failed" if one["result"] == "rejected" else one["result"]
        found.append((word, " ".join([reason] * bool(reason) + one["warnings"])))
    return found


async def results_by_file(site: Site, rows: Sequence[Json], **query: Any) -> list[tuple[str, str]]:
    done = await take_in(site, as_table(rows), object="responses", **query)
    assert done.run["state"] in ("succeeded", "succeeded_with_warnings"), done.run
    assert done.counts[0] == len(rows)
    assert done.counts[0] == sum(done.counts[1:])
    by_row = {
        int(one["row"]): (one["result"], one["reason"])
        for one in await lines_of(site, done.upload, "successful")
    }
    failed = iter(await lines_of(site, done.upload, "failed"))
    return [
        by_row.get(number) or ("failed", next(failed)["error_code"])
        for number in range(1, len(rows) + 1)
    ]


async def state_of(site: Site) -> tuple[list[Json], list[Json]]:
    """Everybody, and every record with its score, without what may differ."""
    people = {one["id"]: one for one in await listed(site, "people")}
    codes = {one["id"]: one["code"] for one in await listed(site, "campaigns")}
    records = []
    for one in await listed(site, "responses"):
        whose = people[one["person_id"]]
        record = {
            **_compared(one),
            "campaign": codes[one["campaign_id"]],
            "person": (whose["email"], whose["external_id"]),
            "is_active": whose["active_response_id"] == one["id"],
        }
        if one["scored_at"] is not None:
            record["parts"] = _compared(await get(site, f"responses/{one['id']}/score"))
            record["parts"].pop("response_id")
        if one["responded_at"] == one["received_at"]:
            record.pop("responded_at")
        records.append(record)
    return (
        sorted((_compared(one) for one in people.values()), key=repr),
        sorted(records, key=lambda r: repr((r["campaign"], r["person"], r["repeat_number"]))),
    )


def _compared(one: Json) -> Json:
    return {name: value for name, value in one.items() if name not in _NOT_COMPARED}


async def pair(make_tenant: MakeTenant, resources: Resources, *settings: Json) -> list[Site]:
    sites = [site_of(await make_tenant(), resources) for _ in range(2)]
    for site in sites:
        await furnish(site, *settings)
    return sites


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("mode", list(MODES))
async def test_a_file_and_a_request_with_the_same_rows_end_alike(
    make_tenant: MakeTenant, resources: Resources, mode: str, seed: int
) -> None:
    by_request, by_file = await pair(make_tenant, resources, *MODES[mode])
    # Prompts of a request go before what its lanes do later; those of a file in their turn.
    rows = some_rows(seed, 60, has_prompts=mode == "synchronous")

    wanted = await results_over_http(by_request, rows)
    found = await results_by_file(by_file, rows)

    assert found == wanted
    if mode in ("synchronous", "manual", "window"):
        assert await state_of(by_request) == await state_of(by_file)
    await settle(Work(resources))
    if mode != "grace":
        # When somebody's grace is looked at again may differ, but not how it ends.
        assert await state_of(by_request) == await state_of(by_file)
    for site in (by_request, by_file):
        for window in await listed(site, "windows"):
            await site.http.post(f"/v1/windows/{window['id']}/flush")
        for person in await listed(site, "people"):
            await upsert(site.http, id=person["id"], score=70, do_pending_scoring=True)
    await settle(Work(resources))
    ended = await state_of(by_file)
    assert await state_of(by_request) == ended
    statuses = {record["status"] for record in ended[1]}
    assert not any(status.startswith("Pending") for status in statuses), statuses
