"""What the end of a run means for whatever it is a run of: noted, told, and left to be looked at.

failed ──▶ failing since then, told          succeeded ──▶ up again; a recovery, if it was not

When its next success is expected is for the schedule to say, which is further up: `look_at` has
it looked at.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.core.driver import Row, Transaction, driver_of
from app.models.states import OwnerKind, RunKind, RunState, RunTrigger
from app.notifications.alerts import rules as alerts
from app.notifications.alerts import service as alerting
from app.notifications.outbox import EventType, Happening, emit

_SUCCESSES = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)
_ROW = """
INSERT INTO watches (account_id, owner_kind, owner_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT failing_since, down_since FROM watches
 WHERE account_id = $1 AND owner_kind = $2 AND owner_id = $3 FOR UPDATE
"""
_WELL = """
UPDATE watches
   SET last_success_at = greatest(last_success_at, $4), failing_since = NULL, down_since = NULL,
       late_at = NULL, down_at = NULL, look_at = CASE WHEN since IS NULL THEN NULL ELSE $4 END
 WHERE account_id = $1 AND owner_kind = $2 AND owner_id = $3
"""
# What was down when its run had not ended is looked at again.
_NOT_WELL = """
UPDATE watches
   SET failing_since = CASE WHEN $5 THEN coalesce(failing_since, $4) ELSE failing_since END,
       look_at = CASE WHEN late_at IS NULL OR down_since IS NOT NULL THEN look_at
                      ELSE least(look_at, $4) END
 WHERE account_id = $1 AND owner_kind = $2 AND owner_id = $3
"""


class Before(NamedTuple):
    """How it stood before a run ended."""

    failing_since: datetime | None
    down_since: datetime | None


def speaks_for_itself(trigger: RunTrigger) -> bool:
    """Whether a run's end is told by itself; of a group's runs the group tells."""
    return trigger is not RunTrigger.GROUP


async def note_end(
    session: Transaction,
    account_id: UUID,
    owner_kind: OwnerKind,
    owner_id: UUID,
    state: RunState,
    *,
    run_id: UUID,
    at: datetime,
) -> Before:
    """Note that a run has ended, and emit its recovery; one after the other for each owner."""
    driver = await driver_of(session)
    place = (account_id, owner_kind.value, owner_id)
    await driver.execute(_ROW, *place)
    row = await driver.fetchrow(_LOCK, *place)
    before = Before(None, None) if row is None else Before(*row)
    if state not in _SUCCESSES:
        await driver.execute(_NOT_WELL, *place, at, state is RunState.FAILED)
        return before
    await driver.execute(_WELL, *place, at)
    since = before.down_since or before.failing_since
    if since is not None:
        data = {
            "owner_kind": owner_kind.value,
            "owner_id": str(owner_id),
            "run_id": str(run_id),
            "recovered_from": "failure" if before.down_since is None else "overdue",
            "since": since.isoformat(),
        }
        await emit(session, [Happening(account_id, EventType.JOB_RECOVERED, data)], at=at)
    return before


async def tell_of_end(
    session: Transaction, account_id: UUID, run_id: UUID, run: Row, state: RunState
) -> None:
    """Note the end of a job's or batch's run, and tell whoever is to know.

    Args:
        run: its kind, job_id, subject_id, trigger, queued_at, started_at, finished_at, counts,
            error_code, error_detail and usual_rows, as they were written.
    """
    owner = _owner_of(run)
    if owner is None or not speaks_for_itself(RunTrigger(run["trigger"])):
        return
    at = run["finished_at"]
    before = await note_end(session, account_id, *owner, state, run_id=run_id, at=at)
    whom = await alerting.addressee(session, account_id, *owner)
    if whom is None:
        return
    since = before.down_since or before.failing_since
    news = alerts.tidings(
        has_succeeded=state in _SUCCESSES,
        has_failed=state is RunState.FAILED,
        was_amiss=since is not None,
        is_unusual=run["usual_rows"] is not None,
        on=whom.target.on,
    )
    facts = {
        "Run": run_id,
        "Started": run["started_at"],
        "Ended": at,
        "Not well since": since,
        "Rows": _rows(run),
        "Usual rows": run["usual_rows"],
        "Error": run["error_code"],
        "Detail": run["error_detail"],
    }
    await alerting.tell(session, whom, news, facts, cause="run", cause_id=run_id, at=at)


def _owner_of(run: Row) -> tuple[OwnerKind, UUID] | None:
    """What it is a run of; None: of nothing that anybody is told of."""
    if run["job_id"] is not None:
        return OwnerKind.JOB, run["job_id"]
    if run["kind"] == RunKind.BATCH:
        return OwnerKind.BATCH, run["subject_id"]
    return None


def _rows(run: Row) -> str | None:
    if run["total"] is None:
        return None
    words = ("succeeded", "failed", "skipped", "unprocessed")
    return f"{run['total']}: " + ", ".join(f"{run[word]} {word}" for word in words)
