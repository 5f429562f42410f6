"""When rows of a file are scored: by its size, its sender, and the account's switches."""

import pytest

from app.core.resources import Resources
from app.models.states import ResponseStatus
from tests.conftest import Tenant
from tests.imports.imports_making import Site, as_csv, as_table, get, listed, site_of, take_in
from tests.imports.uploads_making import Json
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    MANUAL,
    SYNCHRONOUS,
    a_campaign,
    as_owner,
    configure,
)
from tests.responses.engine_making import listed as held
from workers.sweep import settle
from workers.work import Work

OPEN, NO_ACTION = ResponseStatus.OPEN, ResponseStatus.NO_ACTION_REQUIRED
PENDING, GRACE = ResponseStatus.PENDING_SCORING, ResponseStatus.PENDING_TQR


def addresses(how_many: int) -> bytes:
    return as_csv(["email"], [[f"p{number}@example.com"] for number in range(how_many)])


async def modes_and_statuses(site: Site) -> set[tuple[str, str]]:
    return {(one["mode"], one["status"]) for one in await listed(site, "responses")}


async def ready(tenant: Tenant, resources: Resources, *settings: Json) -> tuple[Site, Json]:
    """A site whose campaign qualifies everybody, and the terms of a file for it."""
    await configure(tenant.http, *settings)
    campaign = await a_campaign(tenant.http)
    return site_of(tenant, resources), {"object": "responses", "campaign": campaign["code"]}


@pytest.mark.parametrize(
    ("rows", "mode"), [(200, "synchronous"), (201, "asynchronous"), (1_001, "asynchronous")]
)
async def test_more_than_200_rows_are_asynchronous_and_final_when_the_run_ends(
    tenant: Tenant, resources: Resources, rows: int, mode: str
) -> None:
    site, terms = await ready(tenant, resources, SYNCHRONOUS)

    done = await take_in(site, addresses(rows), **terms)

    assert done.counts == (rows, rows, 0, 0, 0)
    assert await modes_and_statuses(site) == {(mode, OPEN)}


async def test_prompts_are_synchronous_and_not_counted(
    tenant: Tenant, resources: Resources
) -> None:
    site, terms = await ready(tenant, resources, SYNCHRONOUS, {"scoring_batch_size": 2})
    row = {"email": "a@example.com"}
    prompts = [
        {"email": f"{name}@example.com", "response_prompt": "yes"} for name in ("b", "c", "d")
    ]

    await take_in(site, as_table([row, *prompts]), **terms)
    small = await modes_and_statuses(site)
    await take_in(site, addresses(3), **terms)

    assert small == {("synchronous", OPEN)}
    assert await modes_and_statuses(site) == {("synchronous", OPEN), ("asynchronous", OPEN)}


@pytest.mark.parametrize(("threshold", "is_held"), [(3, True), (2, False)])
async def test_a_small_file_of_a_listed_user_is_held_in_a_window(
    tenant: Tenant, resources: Resources, threshold: int, is_held: bool
) -> None:
    site, terms = await ready(tenant, resources, held(threshold=threshold))

    await take_in(site, addresses(3), **terms)

    windows = await listed(site, "windows")
    expected = ("window", PENDING) if is_held else ("synchronous", OPEN)
    assert await modes_and_statuses(site) == {expected}
    assert len(windows) == is_held
    if is_held:
        await site.http.post(f"/v1/windows/{windows[0]['id']}/flush")
        await settle(Work(resources))
        assert await modes_and_statuses(site) == {("window", OPEN)}


@pytest.mark.parametrize("rows", [3, 300])
async def test_in_manual_mode_rows_wait_until_their_person_is_asked_for(
    tenant: Tenant, resources: Resources, rows: int
) -> None:
    site, terms = await ready(tenant, resources, MANUAL)

    await take_in(site, addresses(rows), **terms)
    await settle(Work(resources))
    waiting = await modes_and_statuses(site)
    asked = as_csv(["email", "do_pending_scoring"], [["p1@example.com", "true"]])
    await take_in(site, asked)
    await settle(Work(resources))

    assert waiting == {("manual", PENDING)}
    states = [one["status"] for one in await listed(site, "responses")]
    assert sorted(states) == sorted([OPEN] + [PENDING] * (rows - 1))
    people = await listed(site, "people")
    assert not any(one["do_pending_scoring"] for one in people)


async def test_a_score_below_waits_for_its_grace_and_then_ends_without_action(
    tenant: Tenant, resources: Resources, database_url: str
) -> None:
    site, _ = await ready(tenant, resources, ASYNCHRONOUS, {"score_grace": "PT1H"})
    low = await a_campaign(tenant.http, score=10)

    done = await take_in(site, addresses(3), object="responses", campaign=low["code"])
    await settle(Work(resources))
    waiting = await modes_and_statuses(site)
    await as_owner(
        database_url, """UPDATE business_clock SET "offset" = "offset" + interval '61 min'"""
    )
    await settle(Work(resources))

    assert done.counts == (3, 3, 0, 0, 0)
    assert waiting == {("asynchronous", GRACE)}
    assert await modes_and_statuses(site) == {("asynchronous", NO_ACTION)}


async def test_a_file_of_people_that_raises_a_score_ends_the_grace(
    tenant: Tenant, resources: Resources
) -> None:
    site, _ = await ready(tenant, resources, ASYNCHRONOUS, {"score_grace": "PT1H"})
    low = await a_campaign(tenant.http, score=10)
    await take_in(site, addresses(3), object="responses", campaign=low["code"])

    scores = [["p0@example.com", "90"], ["p1@example.com", "5"]]
    await take_in(site, as_csv(["email", "score"], scores))
    await settle(Work(resources))

    people = {one["id"]: one["email"] for one in await listed(site, "people")}
    found = {
        people[one["person_id"]]: (one["status"], one["score_total"])
        for one in await listed(site, "responses")
    }
    assert found["p0@example.com"] == (OPEN, 100)
    assert found["p1@example.com"][0] == GRACE
    assert found["p2@example.com"] == (GRACE, 10)


async def test_rows_are_told_of_like_any_other(tenant: Tenant, resources: Resources) -> None:
    site, terms = await ready(tenant, resources, SYNCHRONOUS)

    await take_in(site, addresses(250), **terms)

    stats = (await listed(site, "campaigns"))[0]["id"]
    counts = await get(site, f"campaigns/{stats}/stats")
    assert (counts["total"], counts["statuses"][OPEN]) == (250, 250)
    assert counts["pending"] == {"scoring": 0, "resolution": 0, "in_windows": 0}
