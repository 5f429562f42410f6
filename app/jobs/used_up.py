"""A day that is used up is told of once, whoever meets it first: a call, a fire, a retry."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.accounts.quotas import queries as days
from app.accounts.quotas import rules
from app.accounts.quotas.days import Terms
from app.accounts.quotas.rules import Refusal
from app.core.driver import Transaction
from app.notifications.outbox import EventType, Happening, emit

# A job that has been called often enough says nothing of the account's day.
_OF_THE_DAY = (Refusal.QUOTA_EXECUTIONS, Refusal.QUOTA_MINUTES)


async def tell(
    session: Transaction,
    refused: Sequence[tuple[UUID, UUID, Refusal]],
    terms: dict[UUID, Terms],
    *,
    now: datetime,
) -> None:
    """Write an event for each account whose day was not known to be used up.

    Args:
        refused: what was refused, as (account, job, why); of an account's, the first counts.
        terms: of these accounts, plan and time zone.
    """
    first: dict[UUID, tuple[UUID, Refusal]] = {}
    for account_id, job_id, refusal in refused:
        if refusal in _OF_THE_DAY:
            first.setdefault(account_id, (job_id, refusal))
    if not first:
        return
    places = [(one, rules.day_of(now, terms[one][1])) for one in sorted(first)]
    happenings = []
    for account_id, day in await days.mark_used_up(session, places, now=now):
        (job_id, refusal), (plan, timezone) = first[account_id], terms[account_id]
        is_time = refusal is Refusal.QUOTA_MINUTES
        data = {
            "day": day.isoformat(),
            "reason": refusal.value,
            "limit": plan.minutes_per_day if is_time else plan.executions_per_day,
            "job_id": str(job_id),
            "resets_at": rules.end_of(day, timezone).isoformat(),
        }
        happenings.append(Happening(account_id, EventType.QUOTA_EXHAUSTED, data))
    await emit(session, happenings, at=now)
