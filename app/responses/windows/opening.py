"""Opening windows from intake: sorted, without waiting, and never touching an open one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.core.driver import Driver
from app.core.ids import uuid7

_OPEN = """
INSERT INTO windows
       (account_id, id, user_id, user_name, campaign_id, opened_at, closes_at, full_rows)
SELECT w.account_id, w.id, w.user_id, w.user_name, w.campaign_id,
       $7::timestamptz, $7::timestamptz + w.delay, w.full_rows
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[],
              $6::interval[], $8::integer[])
       AS w(account_id, id, user_id, user_name, campaign_id, delay, full_rows)
 ORDER BY w.account_id, w.user_id, w.campaign_id
ON CONFLICT (account_id, user_id, campaign_id) WHERE closed_at IS NULL DO NOTHING
"""
_READ = """
SELECT w.account_id, w.user_id, w.campaign_id, w.id
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS k(account_id, user_id, campaign_id)
  JOIN windows w USING (account_id, user_id, campaign_id) WHERE w.closed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class WindowKey:
    """Who holds what: one open window per account, user and campaign."""

    account_id: UUID
    user_id: UUID
    campaign_id: UUID
    user: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What is written once, as a window opens: how long it stays open, and what fills it."""

    delay: timedelta
    full_rows: int


async def open_windows(
    driver: Driver, wanted: Mapping[WindowKey, Terms], now: datetime
) -> dict[WindowKey, UUID]:
    """The open window of each key; a new one, on these terms, where there is none.

    One that closes between the two statements is opened again; three in a row do not happen.
    """
    found: dict[WindowKey, UUID] = {}
    for _ in range(3):
        missing = [key for key in wanted if key not in found]
        if not missing:
            break
        accounts = [key.account_id for key in missing]
        users = [key.user_id for key in missing]
        campaigns = [key.campaign_id for key in missing]
        rows = await driver.fetch(_READ, accounts, users, campaigns)
        if len(rows) < len(missing):
            await driver.execute(
                _OPEN,
                accounts,
                [uuid7() for _ in missing],
                users,
                [key.user for key in missing],
                campaigns,
                [wanted[key].delay for key in missing],
                now,
                [wanted[key].full_rows for key in missing],
            )
            rows = await driver.fetch(_READ, accounts, users, campaigns)
        ids = {(r["account_id"], r["user_id"], r["campaign_id"]): r["id"] for r in rows}
        for key in missing:
            window = ids.get((key.account_id, key.user_id, key.campaign_id))
            if window is not None:
                found[key] = window
    return found
