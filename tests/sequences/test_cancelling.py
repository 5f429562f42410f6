"""A run of a batch that somebody stops: what it has done stays done, the next run does the rest."""

from uuid import UUID

import pytest

from app.core.auth import Scope
from app.core.failpoints import Purpose
from app.runs import queue
from app.runs.queue import Claimed, RunLost
from tests.conftest import MakeTenant
from tests.jobs.making import refused
from tests.sequences.making import Cadences, Json
from workers.batches.chunk import begun
from workers.work import Work


async def forced(cadences: Cadences) -> Json:
    """A run that nobody works at until the clock is moved."""
    return await cadences.ok("POST", "/batches/lead/force", 202)


async def claimed(cadences: Cadences, work: Work, run: Json) -> Claimed:
    account_id = cadences.tenant.account_id
    async with work.unit_of_work(account_id, purpose=Purpose.RUN_CLAIM) as session:
        place = (session, account_id, UUID(run["id"]))
        lease = work.settings.scoring.lease
        found = await queue.claim(*place, holder=work.holder, lease=lease, places=4)
    assert found is not None
    return found


async def test_one_that_waits_is_over_at_once_and_the_next_does_its_work(
    cadences: Cadences,
) -> None:
    sequence = await cadences.active()
    await cadences.put_in(sequence, await cadences.person())
    run = await forced(cadences)

    asked = await cadences.ok("POST", f"/runs/{run['id']}/cancel", json={"reason": "not today"})
    untouched = await cadences.mailbox()
    await cadences.advance("PT30M")

    assert (asked["state"], asked["cancelled_by"]) == ("cancelled", "marketo")
    assert (asked["cancel_reason"], asked["started_at"]) == ("not today", None)
    assert (untouched, len(await cadences.mailbox())) == ([], 1)
    assert [one["state"] for one in await cadences.runs()] == ["succeeded", "cancelled"]
    assert [fire["outcome"] for fire in await cadences.fires()] == ["ran"]


async def test_one_at_work_writes_nothing_more(cadences: Cadences) -> None:
    sequence = await cadences.active()
    await cadences.put_in(sequence, await cadences.person())
    work = Work(cadences.resources)
    run = await forced(cadences)
    at_work = begun(work, await claimed(cadences, work, run))
    async with at_work.chunk():
        pass

    asked = await cadences.ok("POST", f"/runs/{run['id']}/cancel")
    with pytest.raises(RunLost):
        async with at_work.chunk():
            pass
    again = await cadences.http.post(f"/v1/runs/{run['id']}/cancel")

    assert (asked["state"], asked["cancelled_by"]) == ("cancelled", "marketo")
    refused(again, 409, "run_not_cancellable")
    assert [one["run_id"] for one in await cadences.told("run.cancelled")] == [run["id"]]


async def test_whoever_may_only_bring_rows_stops_no_batch(
    cadences: Cadences, make_tenant: MakeTenant
) -> None:
    await cadences.active()
    run = await forced(cadences)
    loader = await make_tenant(Scope.READ, Scope.INGEST, account=cadences.tenant.name)

    answer = await loader.http.post(f"/v1/runs/{run['id']}/cancel")

    refused(answer, 403, "missing_scope")
    assert (await cadences.ok("GET", f"/runs/{run['id']}"))["state"] == "queued"
