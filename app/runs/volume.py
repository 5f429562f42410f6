"""The guard of volume: a success with far more or fewer rows than usual is looked at by somebody.

Only a job's runs are compared, with those of the same job: nothing else repeats itself. Those that
were unusual count among the earlier ones, so that what has changed for good is usual in the end.
"""

from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.models.states import RunState
from app.notifications.outbox import EventType, Happening, emit
from app.runs import rules

_OF_JOB = """
SELECT job_id, total, business_now() AS now FROM runs
 WHERE account_id = $1 AND id = $2 AND job_id IS NOT NULL AND total IS NOT NULL
   AND state IN ('queued', 'running')
"""
_EARLIER = """
SELECT total FROM runs
 WHERE account_id = $1 AND job_id = $2 AND id <> $3 AND total IS NOT NULL
   AND state IN ('succeeded', 'succeeded_with_warnings')
 ORDER BY id DESC LIMIT $4
"""
_NOTE = """
UPDATE runs SET details = details || jsonb_build_object('usual_rows', $3::float8)
 WHERE account_id = $1 AND id = $2
"""


async def judged(session: Transaction, account_id: UUID, run_id: UUID, state: RunState) -> RunState:
    """The state in which a success ends; where its rows are unusual, one event tells of it."""
    driver = await driver_of(session)
    run = await driver.fetchrow(_OF_JOB, account_id, run_id)
    if run is None:
        return state
    rows = await driver.fetch(_EARLIER, account_id, run["job_id"], run_id, rules.MOST_EARLIER)
    earlier = [row["total"] for row in rows]
    if not rules.is_unusual(run["total"], earlier):
        return state
    usual = rules.usual_rows(earlier)
    await driver.execute(_NOTE, account_id, run_id, usual)
    data = {
        "run_id": str(run_id),
        "job_id": str(run["job_id"]),
        "rows": run["total"],
        "usual_rows": usual,
    }
    happening = Happening(account_id, EventType.RUN_VOLUME_UNUSUAL, data)
    await emit(session, [happening], at=run["now"])
    return RunState.SUCCEEDED_WITH_WARNINGS
