"""Who is told of batches: of failures and recoveries, of nothing else."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.core import clock
from app.fires import overdue
from app.models.states import BatchName, RunState
from app.runs import queue
from app.sequences import planning
from tests.mail.reading import letters_of
from tests.sequences.making import Cadences

OPS = {"emails": ["ops@example.com"], "on": ["failure", "success", "recovery"]}


async def ended(cadences: Cadences, *states: RunState) -> None:
    """Runs of the batch that end so, one after the other."""
    account_id = cadences.tenant.account_id
    for state in states:
        run = await cadences.ok("POST", "/batches/lead/force", 202)
        async with cadences.resources.unit_of_work(account_id) as session:
            error = ("unforeseen", "It is in the log.") if state is RunState.FAILED else None
            assert await queue.end_run(session, account_id, UUID(run["id"]), state, error=error)


async def test_a_failure_and_the_end_of_it_are_told_and_no_plain_success(
    cadences: Cadences,
) -> None:
    await cadences.ok("PUT", "/alert-policy", json=OPS)
    ok, bad, warned = RunState.SUCCEEDED, RunState.FAILED, RunState.SUCCEEDED_WITH_WARNINGS

    await ended(cadences, ok, bad, bad, warned, ok)

    assert await letters_of(cadences.resources, cadences.tenant) == [
        ("run", "batch lead failed"),
        ("run", "batch lead failed"),
        ("run", "batch lead works again"),
    ]
    (recovered,) = await cadences.told("job.recovered")
    assert (recovered["owner_kind"], recovered["recovered_from"]) == ("batch", "failure")


async def test_a_batch_that_nobody_is_told_of_says_so(cadences: Cadences) -> None:
    before = await cadences.ok("GET", "/batches/lead")
    await cadences.ok("PUT", "/alert-policy", json=OPS)
    after = await cadences.ok("GET", "/batches/lead")

    assert (before["warnings"], after["warnings"]) == (["no_alert_target"], [])


@pytest.mark.parametrize("is_skipped", [True, False])
async def test_a_batch_is_never_overdue(cadences: Cadences, is_skipped: bool) -> None:
    await cadences.ok("PUT", "/alert-policy", json=OPS)
    await cadences.active()
    if is_skipped:
        await cadences.ok("POST", "/batches/lead/skip", json={"count": 1, "reason": "fair"})
    else:
        await cadences.ok("PATCH", "/batches/lead", json={"is_paused": True})
        await cadences.ok("PATCH", "/batches/lead", json={"is_paused": False})

    # Hours later, and no run of it was taken up.
    account_id, owner = cadences.tenant.account_id, planning.owner_of
    async with cadences.resources.unit_of_work(account_id) as session:
        later = clock.business_now(session) + timedelta(hours=3)
        looked = await overdue.look(session, [owner(account_id, BatchName.LEAD)], now=later)

    assert looked == 1
    assert await cadences.told("job.overdue") == []
