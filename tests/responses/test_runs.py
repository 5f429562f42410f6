"""Drains in the ledger: every one a run whose counts add up."""

from uuid import UUID

import httpx
import pytest

from app.core.ids import uuid7
from app.models.states import ResponseStatus
from tests.conftest import MakeTenant, Tenant
from tests.people.making import an_email
from tests.responses.conftest import Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    Json,
    a_campaign,
    an_item,
    configure,
    get,
    post,
    post_all,
    runs_of,
)
from workers.scoring import drain_lane
from workers.work import Work


async def a_drain(http: httpx.AsyncClient, settle: Settle) -> Json:
    """A campaign with one finished run."""
    campaign = await a_campaign(http)
    await configure(http, ASYNCHRONOUS)
    await post(http, campaign)
    await settle()
    return campaign


async def test_a_drain_is_a_run_with_counts_chunks_and_timings(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_campaign(http)
    await configure(http, ASYNCHRONOUS, scoring_batch_size=4, evaluation_batch_size=3)
    ada = {"email": an_email()}
    items = [an_item(campaign, person=ada, external_id=f"{n}") for n in range(2)]
    items += [an_item(campaign, score=-1) for _ in range(8)]

    await post_all(http, items)
    await settle()

    (run,) = await runs_of(http, campaign)
    assert (run["kind"], run["state"], run["campaign_id"]) == (
        "scoring",
        "succeeded",
        campaign["id"],
    )
    counts = ("total", "processed", "succeeded", "failed", "skipped", "unprocessed")
    assert [run[each] for each in counts] == [10, 10, 10, 0, 0, 0]
    scoring, resolution = run["details"]["scoring"], run["details"]["resolution"]
    assert (scoring["chunks"], scoring["rows"]) == (3, 10)
    assert resolution["rows"] == 10
    assert resolution["chunks"] >= 4
    assert scoring["seconds"] > 0 < resolution["seconds"]
    assert run["details"]["by_status"] == {
        ResponseStatus.OPEN: 1,
        ResponseStatus.ALREADY_ENGAGED: 1,
        ResponseStatus.NO_ACTION_REQUIRED: 8,
    }
    assert run["queued_at"] <= run["started_at"] <= run["finished_at"]
    assert run["error"] is None


async def test_each_drain_has_a_run_of_its_own(http: httpx.AsyncClient, settle: Settle) -> None:
    campaign = await a_drain(http, settle)
    await post(http, campaign)
    await settle()

    assert [run["total"] for run in await runs_of(http, campaign)] == [1, 1]


async def test_a_ring_for_nothing_leaves_no_run(tenant: Tenant, work: Work, settle: Settle) -> None:
    campaign = await a_drain(tenant.http, settle)

    await drain_lane(work, tenant.account_id, UUID(campaign["id"]))

    assert len(await runs_of(tenant.http, campaign)) == 1


async def test_a_row_that_waits_for_its_grace_counts_as_skipped_and_later_as_succeeded(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaign = await a_campaign(http, score=0)
    await configure(http, ASYNCHRONOUS, score_grace="PT1H")
    ada = {"email": an_email()}
    await post_all(http, [an_item(campaign, person=ada), an_item(campaign, score=100)])
    await settle()

    await post(http, await a_campaign(http), person=ada | {"score": 100})
    await settle()

    runs = await runs_of(http, campaign)
    assert [(run["succeeded"], run["skipped"], run["total"]) for run in runs] == [
        (1, 1, 2),
        (1, 0, 1),
    ]


async def test_the_list_is_narrowed_by_kind_state_and_campaign(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    campaigns = [await a_drain(http, settle) for _ in range(2)]

    for campaign in campaigns:
        (run,) = (await get(http, "runs", campaign=campaign["id"]))["items"]
        assert run["campaign_id"] == campaign["id"]
    assert len((await get(http, "runs", kind="scoring"))["items"]) == 2
    assert len((await get(http, "runs", state="succeeded"))["items"]) == 2
    assert (await get(http, "runs", kind="clock"))["items"] == []
    assert (await get(http, "runs", state="running"))["items"] == []


async def test_the_list_shows_the_newest_first_in_pages(
    http: httpx.AsyncClient, settle: Settle
) -> None:
    for _ in range(3):
        await a_drain(http, settle)
    whole = (await get(http, "runs"))["items"]

    first = await get(http, "runs", limit=2)
    rest = await get(http, "runs", limit=2, cursor=first["next_cursor"])

    assert first["items"] + rest["items"] == whole
    assert rest["next_cursor"] is None
    starts = [run["started_at"] for run in whole]
    assert starts == sorted(starts, reverse=True)
    misused = {"cursor": first["next_cursor"], "kind": "scoring"}
    assert (await http.get("/v1/runs", params=misused)).status_code == 422


async def test_one_run_is_read_by_its_id(http: httpx.AsyncClient, settle: Settle) -> None:
    campaign = await a_drain(http, settle)
    (run,) = await runs_of(http, campaign)

    assert await get(http, f"runs/{run['id']}") == run


@pytest.mark.parametrize("is_theirs", [True, False])
async def test_another_accounts_run_is_not_found(
    http: httpx.AsyncClient, make_tenant: MakeTenant, settle: Settle, is_theirs: bool
) -> None:
    campaign = await a_drain(http, settle)
    (run,) = await runs_of(http, campaign)
    stranger = await make_tenant()

    answer = await stranger.http.get(f"/v1/runs/{run['id'] if is_theirs else uuid7()}")

    assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")
    assert (await get(stranger.http, "runs"))["items"] == []
    assert (await get(stranger.http, "runs", campaign=campaign["id"]))["items"] == []
