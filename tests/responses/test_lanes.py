"""Lanes: one worker at a time, fenced by a token."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlmodel import select

from app.core.clock import business_now
from app.core.ids import uuid7
from app.core.resources import Line, Resources
from app.core.settings import Database, Scoring, Settings
from app.models import PendingResolution, PendingScoring
from app.models.states import ResponseStatus
from app.responses.lanes.due import due_lanes
from app.responses.lanes.lease import LeaseLost
from app.runs.tally import Tally
from tests.conftest import MakeTenant, Tenant
from tests.faults.processes import until
from tests.responses.conftest import Advance, Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    Json,
    a_campaign,
    an_item,
    change,
    claim,
    configure,
    count_statuses,
    let_the_lease_pass,
    listed_responses,
    post,
    post_all,
    read,
    rows,
    runs_of,
    somebody_waits,
)
from workers.scoring import Drain, drain_lane
from workers.work import Work

PENDING, OPEN = ResponseStatus.PENDING_SCORING, ResponseStatus.OPEN
CHUNK = 5


@pytest.fixture
async def hasty(settings: Settings) -> AsyncIterator[Work]:
    """Another worker process, whose turns are over after one chunk of each stage."""
    short = settings.model_copy(update={"scoring": Scoring(turn=timedelta())})
    async with Resources(short) as resources:
        yield Work(resources)


async def a_due_lane(tenant: Tenant, rows: int) -> Json:
    """A campaign with so many asynchronous responses, in chunks of five."""
    campaign = await a_campaign(tenant.http)
    await configure(
        tenant.http, ASYNCHRONOUS, scoring_batch_size=CHUNK, evaluation_batch_size=CHUNK
    )
    await post_all(tenant.http, [an_item(campaign) for _ in range(rows)])
    return campaign


async def snapshot(resources: Resources, tenant: Tenant) -> list[object]:
    """Everything that a chunk could write."""
    return [
        await rows(resources, tenant, f"SELECT * FROM {table} ORDER BY 1, 2, 3")
        for table in ("responses", "pending_scoring", "pending_resolution", "events", "runs")
    ]


async def test_a_worker_whose_lane_was_taken_over_writes_nothing(
    tenant: Tenant, resources: Resources, hasty: Work, line: Line
) -> None:
    campaign = await a_due_lane(tenant, 3 * CHUNK)
    slow = Drain(hasty, line, await claim(hasty, tenant, campaign), Tally())
    assert await slow.work_for_a_turn() is False
    await let_the_lease_pass(resources, slow.lease)
    await drain_lane(hasty, tenant.account_id, UUID(campaign["id"]))
    before = await snapshot(resources, tenant)

    with pytest.raises(LeaseLost):
        await slow.work_for_a_turn()
    with pytest.raises(LeaseLost):
        await slow.release(is_drained=True)

    assert await snapshot(resources, tenant) == before
    assert await count_statuses(tenant.http, campaign) == {OPEN: 2 * CHUNK, PENDING: CHUNK}


async def test_a_chunk_that_waited_while_its_lane_was_taken_over_writes_nothing(
    tenant: Tenant, resources: Resources, work: Work, line: Line
) -> None:
    campaign = await a_due_lane(tenant, CHUNK)
    drain = Drain(work, line, await claim(work, tenant, campaign), Tally())
    before = await snapshot(resources, tenant)

    async with resources.unit_of_work(tenant.account_id) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE lanes SET token = token + 1")
        stale = asyncio.create_task(drain.work_for_a_turn())
        await until(partial(somebody_waits, resources))
        assert not stale.done()
    with pytest.raises(LeaseLost):
        await stale

    assert await snapshot(resources, tenant) == before
    await let_the_lease_pass(resources, drain.lease)


async def test_the_next_worker_goes_on_with_the_same_run(
    tenant: Tenant, resources: Resources, hasty: Work, work: Work, line: Line
) -> None:
    campaign = await a_due_lane(tenant, 3 * CHUNK)
    died = Drain(hasty, line, await claim(hasty, tenant, campaign), Tally())
    await died.work_for_a_turn()
    (halfway,) = await runs_of(tenant.http, campaign)
    await let_the_lease_pass(resources, died.lease)

    await drain_lane(work, tenant.account_id, UUID(campaign["id"]))

    (run,) = await runs_of(tenant.http, campaign)
    assert (halfway["id"], halfway["state"], halfway["total"]) == (run["id"], "running", CHUNK)
    assert (run["state"], run["total"], run["succeeded"]) == ("succeeded", 3 * CHUNK, 3 * CHUNK)
    assert run["details"]["scoring"]["chunks"] == 3


async def test_a_run_whose_worker_died_after_its_last_chunk_is_ended_by_the_next(
    tenant: Tenant, resources: Resources, work: Work, settle: Settle, line: Line
) -> None:
    campaign = await a_due_lane(tenant, CHUNK)
    died = Drain(work, line, await claim(work, tenant, campaign), Tally())
    assert await died.work_for_a_turn() is True
    await let_the_lease_pass(resources, died.lease)

    await settle()

    (run,) = await runs_of(tenant.http, campaign)
    assert (run["state"], run["total"]) == ("succeeded", CHUNK)


async def test_a_turn_that_is_over_leaves_the_run_open_for_the_next(
    tenant: Tenant, hasty: Work
) -> None:
    campaign = await a_due_lane(tenant, 2 * CHUNK)
    states = []
    for _ in range(3):
        await drain_lane(hasty, tenant.account_id, UUID(campaign["id"]))
        states.append([run["state"] for run in await runs_of(tenant.http, campaign)])

    assert states == [["running"], ["running"], ["succeeded"]]


async def test_a_busy_lane_is_passed_over_without_waiting(
    tenant: Tenant, resources: Resources, work: Work
) -> None:
    busy = await a_due_lane(tenant, 1)
    free = await a_due_lane(tenant, 1)
    lease = await claim(work, tenant, busy)

    # Who waited for a lock would fail after 3 s.
    async with work.resources.look_everywhere() as connection:
        found = await due_lanes(connection, most=1000)
    for lane in (busy, free):
        await drain_lane(work, tenant.account_id, UUID(lane["id"]))

    assert (tenant.account_id, UUID(free["id"])) in found
    assert (tenant.account_id, UUID(busy["id"])) not in found
    assert await count_statuses(tenant.http, busy) == {PENDING: 1}
    assert await count_statuses(tenant.http, free) == {OPEN: 1}
    await let_the_lease_pass(resources, lease)


async def test_a_lane_whose_row_is_locked_is_passed_over_too(
    tenant: Tenant, resources: Resources, work: Work
) -> None:
    campaign = await a_due_lane(tenant, 1)

    async with resources.unit_of_work(tenant.account_id) as session:
        await (await session.connection()).exec_driver_sql("SELECT FROM lanes FOR UPDATE")
        await drain_lane(work, tenant.account_id, UUID(campaign["id"]))

    assert await runs_of(tenant.http, campaign) == []


async def test_lanes_are_found_round_robin_over_accounts(
    make_tenant: MakeTenant, work: Work, settle: Settle
) -> None:
    await settle()
    tenants = [await make_tenant() for _ in range(3)]
    for tenant, lanes in zip(tenants, (6, 2, 1), strict=True):
        for _ in range(lanes):
            await a_due_lane(tenant, 1)

    async with work.resources.look_everywhere() as connection:
        found = [account for account, _ in await due_lanes(connection, most=100)]

    assert len(found) == 9
    everyone = {tenant.account_id for tenant in tenants}
    assert set(found[:3]) == everyone
    assert set(found[3:5]) == {tenant.account_id for tenant in tenants[:2]}
    assert set(found[5:]) == {tenants[0].account_id}


async def test_rows_of_uploads_come_after_rows_of_small_requests(
    tenant: Tenant, resources: Resources, settle: Settle
) -> None:
    campaign = await a_due_lane(tenant, 2 * CHUNK)
    await change(resources, tenant, "UPDATE pending_scoring SET priority = 1")
    await post_all(tenant.http, [an_item(campaign) for _ in range(CHUNK)])

    await settle()

    found = await listed_responses(tenant.http, campaign)
    uploaded, small = found[: 2 * CHUNK], found[2 * CHUNK :]
    assert max(each["resolved_at"] for each in small) < min(each["scored_at"] for each in uploaded)


async def test_a_window_that_closed_comes_before_rows_of_uploads(
    tenant: Tenant, resources: Resources, settle: Settle, advance: Advance
) -> None:
    campaign = await a_due_lane(tenant, CHUNK)
    await change(resources, tenant, "UPDATE pending_scoring SET priority = 1")
    await configure(tenant.http, async_users=[{"user": "marketo"}], scoring_batch_size=CHUNK)
    held = await post(tenant.http, campaign)
    await advance(timedelta(minutes=5))

    await settle()

    first = min(await listed_responses(tenant.http, campaign), key=lambda each: each["scored_at"])
    assert (await read(tenant.http, held))["scored_at"] == first["scored_at"]


async def test_another_error_than_of_data_leaves_the_rows_due(
    settings: Settings, tenant: Tenant, resources: Resources, settle: Settle
) -> None:
    campaign = await a_due_lane(tenant, CHUNK)
    people = "SELECT FROM people FOR UPDATE"
    impatient = Database(lock_timeout=timedelta(milliseconds=50))

    async with (
        Resources(settings.model_copy(update={"database": impatient})) as own,
        own.line() as line,
        resources.unit_of_work(tenant.account_id) as session,
    ):
        lease = await claim(work := Work(own), tenant, campaign)
        await (await session.connection()).exec_driver_sql(people)
        with pytest.raises(Exception, match="lock timeout"):
            await Drain(work, line, lease, Tally()).work_for_a_turn()
    await let_the_lease_pass(resources, lease)
    await settle()

    assert await count_statuses(tenant.http, campaign) == {OPEN: CHUNK}
    (run,) = await runs_of(tenant.http, campaign)
    assert (run["state"], run["failed"]) == ("succeeded", 0)


async def test_a_pending_row_without_its_response_does_not_stay_due_for_ever(
    tenant: Tenant, resources: Resources, settle: Settle
) -> None:
    campaign = await a_campaign(tenant.http)
    async with resources.unit_of_work(tenant.account_id) as session:
        session.add(
            PendingScoring(
                account_id=tenant.account_id,
                response_id=uuid7(),
                campaign_id=UUID(campaign["id"]),
                person_id=uuid7(),
                due_at=business_now(session),
            )
        )
    await settle()

    async with resources.unit_of_work(tenant.account_id) as session:
        assert (await session.exec(select(PendingScoring))).all() == []
        assert (await session.exec(select(PendingResolution))).all() == []
