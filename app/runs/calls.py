"""Calling those further up: a run of a job has ended, and a group's run may wait for it.

    end_run ──▶ pending_groups: (the group's run, the ended one) ──▶ commit ──▶ ring
                      └ found by whoever looks after groups, once a second, ring or not

A row of its own for each end: whoever ends a run waits for nobody who is at work on the group.
"""

from datetime import datetime
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.queue import Ring, Task, ring_after

_WAITING = """
INSERT INTO pending_groups (account_id, group_run_id, cause_run_id, due_at)
SELECT account_id, group_run_id, $2, $3 FROM group_steps
 WHERE account_id = $1 AND awaited_run_id = $2
ON CONFLICT DO NOTHING
RETURNING group_run_id
"""
_CALL = """
INSERT INTO pending_groups (account_id, group_run_id, cause_run_id, due_at)
VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""


async def call_groups(
    session: Transaction, account_id: UUID, ended_run_id: UUID, *, at: datetime
) -> None:
    """Have the groups' runs looked after that wait for this one."""
    driver = await driver_of(session)
    for row in await driver.fetch(_WAITING, account_id, ended_run_id, at):
        ring_after(session, Ring(Task.ADVANCE_GROUP, account_id, row["group_run_id"]))


async def call_group(
    session: Transaction, account_id: UUID, group_run_id: UUID, *, cause: UUID, at: datetime
) -> None:
    """Have this run of a group looked after."""
    driver = await driver_of(session)
    await driver.execute(_CALL, account_id, group_run_id, cause, at)
    ring_after(session, Ring(Task.ADVANCE_GROUP, account_id, group_run_id))
