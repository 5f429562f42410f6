"""The SQL of alerts: the account's policy, and what owners have of their own."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.driver import Transaction, driver_of
from app.models import AlertPolicy
from app.models.states import BatchName, OwnerKind
from app.notifications.alerts.rules import Target

_POLICY = """SELECT emails, "on" FROM alert_policies WHERE account_id = $1"""
# A lower feature reads an upper one's table. Each gives a name, and an own alert or null. Batches
# have no rows, and are called the same in every account.
_OWNERS = {
    OwnerKind.JOB: "SELECT name, alert FROM jobs WHERE account_id = $1 AND id = $2",
    OwnerKind.GROUP: """
SELECT name, CASE WHEN cardinality(recipients) > 0
                  THEN jsonb_build_object('emails', recipients, 'on', notify_on) END AS alert
  FROM groups WHERE account_id = $1 AND id = $2
""",
    OwnerKind.CAMPAIGN: """
SELECT name, NULL::jsonb AS alert FROM campaigns WHERE account_id = $1 AND id = $2
""",
}
_PUT = """
INSERT INTO alert_policies (account_id, emails, "on", updated_at, updated_by)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id) DO UPDATE
   SET emails = excluded.emails, "on" = excluded."on", updated_at = excluded.updated_at,
       updated_by = excluded.updated_by, version = alert_policies.version + 1
RETURNING version
"""


class Named(NamedTuple):
    """Something that alerts are about."""

    name: str
    own_alert: dict[str, Any] | None


async def find_policy(session: Session, account_id: UUID) -> AlertPolicy | None:
    """The account's policy; None if nobody has put one."""
    found = await session.exec(
        select(AlertPolicy).where(col(AlertPolicy.account_id) == account_id),
        execution_options={"populate_existing": True},
    )
    return found.one_or_none()


async def put_policy(
    session: Transaction,
    account_id: UUID,
    emails: list[str],
    on: list[str],
    *,
    by: str,
    now: datetime,
) -> int:
    """Put it in place of the one before; returns its version, which is one more."""
    driver = await driver_of(session)
    version: int = await driver.fetchval(_PUT, account_id, emails, on, now, by)
    return version


async def read_policy(session: Transaction, account_id: UUID) -> Target:
    """Whom the account's policy tells, and of what."""
    row = await (await driver_of(session)).fetchrow(_POLICY, account_id)
    return Target() if row is None else Target(row["emails"], row["on"])


async def find_owner(
    session: Transaction, account_id: UUID, owner_kind: OwnerKind, owner_id: UUID
) -> Named | None:
    """What this is called, and its own alert; None if it is gone, or of a kind without alerts."""
    if owner_kind is OwnerKind.BATCH:
        return Named(next(name.value for name in BatchName if name.id == owner_id), None)
    if owner_kind not in _OWNERS:
        return None
    driver = await driver_of(session)
    row = await driver.fetchrow(_OWNERS[owner_kind], account_id, owner_id)
    return None if row is None else Named(row["name"], row["alert"])
