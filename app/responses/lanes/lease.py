"""The lease of a lane: a row, a token, fifteen seconds of real time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.errors import Conflict
from app.scoring.kept import settings_of
from app.scoring.schemas import ScoringSettingsDocument

# A lane that another worker holds, or that a moment ago changed hands, is passed over.
_CLAIM = """
WITH free AS (
    SELECT account_id, campaign_id, holder FROM lanes
     WHERE account_id = $1 AND campaign_id = $2 AND leased_until < clock_timestamp()
       FOR UPDATE SKIP LOCKED)
UPDATE lanes l SET token = token + 1, holder = $3, leased_until = clock_timestamp() + $4
  FROM free WHERE l.account_id = free.account_id AND l.campaign_id = free.campaign_id
RETURNING l.token, l.run_id, free.holder AS last_holder
"""
# By account, campaign, token, and how much longer.
HOLD = """
UPDATE lanes SET leased_until = clock_timestamp() + $4
 WHERE account_id = $1 AND campaign_id = $2 AND token = $3
RETURNING campaign_id"""
_RENEW = f"""{HOLD},
          (SELECT document FROM scoring_settings WHERE account_id = $1) AS settings,
          (SELECT version FROM rulesets WHERE account_id = $1 AND is_active) AS ruleset,
          business_now() AS now
"""
_RELEASE = """
UPDATE lanes SET leased_until = '-infinity', holder = NULL,
       run_id = CASE WHEN $4 THEN NULL ELSE run_id END
 WHERE account_id = $1 AND campaign_id = $2 AND token = $3
"""
_SET_RUN = "UPDATE lanes SET run_id = $4 WHERE account_id = $1 AND campaign_id = $2 AND token = $3"


class LeaseLost(Conflict):
    """Another worker holds the lane by now; nothing of this chunk was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work one lane, until another token is given out."""

    account_id: UUID
    campaign_id: UUID
    token: int
    run_id: UUID


@dataclass(frozen=True, slots=True)
class Terms:
    """What a chunk works by, read with the renewal: settings, ruleset, business time."""

    settings: ScoringSettingsDocument
    ruleset_version: int | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A lane just claimed: the run left open in it, and who held it without giving it back."""

    token: int
    run_id: UUID | None
    last_holder: str | None


async def claim(
    session: Transaction, account_id: UUID, campaign_id: UUID, *, holder: str, lease: timedelta
) -> Taken | None:
    """Take a free lane; None if it is not free."""
    driver = await driver_of(session)
    row = await driver.fetchrow(_CLAIM, account_id, campaign_id, holder, lease)
    return Taken(row["token"], row["run_id"], row["last_holder"]) if row else None


async def set_run(session: Transaction, lease: Lease) -> None:
    """Name the run that this lane's drain is counted in."""
    driver = await driver_of(session)
    await driver.execute(_SET_RUN, lease.account_id, lease.campaign_id, lease.token, lease.run_id)


async def renew(session: Transaction, lease: Lease, *, by: timedelta) -> Terms:
    """Hold the lane for this transaction and `by` longer. The first statement of every chunk.

    Raises:
        LeaseLost: the token is not the lane's any more.
    """
    driver = await driver_of(session)
    row = await driver.fetchrow(_RENEW, lease.account_id, lease.campaign_id, lease.token, by)
    if row is None:
        raise LeaseLost
    return Terms(
        settings=settings_of(lease.account_id, row["settings"]),
        ruleset_version=row["ruleset"],
        now=row["now"],
    )


async def release(session: Transaction, lease: Lease, *, is_drained: bool) -> None:
    """Give the lane back; a drained one also closes its run. Silent if the lease is gone."""
    driver = await driver_of(session)
    await driver.execute(_RELEASE, lease.account_id, lease.campaign_id, lease.token, is_drained)
