"""Which runs may start on a day, and which day it is. Pure.

A day is the account's: from midnight to midnight in its time zone, 23 or 25 hours long where the
clocks change.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from app.accounts.plans import Plan, QuotaMode
from app.accounts.quotas.errors import (
    QuotaExecutions,
    QuotaInvocations,
    QuotaMinutes,
    QuotaUsedUp,
)
from app.core.zones import zone_named

NO_TIME = timedelta()
_A_DAY = timedelta(days=1)


class Refusal(StrEnum):
    """What is used up; the words are those of fires that did not run."""

    QUOTA_EXECUTIONS = "quota_executions"
    QUOTA_INVOCATIONS = "quota_invocations"
    QUOTA_MINUTES = "quota_minutes"


@dataclass(frozen=True, slots=True)
class DayUse:
    """What is used up of one day: by all jobs of the account, and invocations by the one job."""

    executions: int = 0
    invocations: int = 0
    booked: timedelta = NO_TIME
    reserved: timedelta = NO_TIME


def may_start(day: DayUse, plan: Plan, *, timeout: timedelta) -> Refusal | None:
    """Say why a run may not start today, or None if it may.

    Looks at what is booked, not at what is running: time is booked when an attempt ends, so two
    runs that start together may both pass and overdraw the day. A plan that reserves holds the
    timeout of every attempt from its start, and cannot be overdrawn.

    Args:
        day: what is used up of the account's calendar day.
        plan: the account's limits.
        timeout: the job's execution timeout, not its expected duration.
    """
    if day.executions >= plan.executions_per_day:
        return Refusal.QUOTA_EXECUTIONS
    if day.invocations >= plan.invocations_per_job:
        return Refusal.QUOTA_INVOCATIONS
    return may_retry(day, plan, timeout=timeout)


def may_retry(day: DayUse, plan: Plan, *, timeout: timedelta) -> Refusal | None:
    """The same for a further attempt of a run that has been counted: only minutes matter."""
    return Refusal.QUOTA_MINUTES if time_left(day, plan) < timeout else None


def time_left(day: DayUse, plan: Plan) -> timedelta:
    """What may still be started of the day; nothing, and never less, where it is overdrawn."""
    return max(plan.time_per_day - day.booked - day.reserved, NO_TIME)


def held_by(plan: Plan, timeout: timedelta) -> timedelta:
    """What an attempt takes of the day as it starts; given back when its time is booked."""
    return timeout if plan.quota_mode is QuotaMode.RESERVE else NO_TIME


def day_of(moment: datetime, timezone: str) -> date:
    """The calendar day of an account in this zone."""
    return moment.astimezone(zone_named(timezone)).date()


def begin_of(day: date, timezone: str) -> datetime:
    """The first moment of a day, in UTC; where midnight is skipped, the moment of the change."""
    return datetime.combine(day, time(), zone_named(timezone)).astimezone(UTC)


def end_of(day: date, timezone: str) -> datetime:
    """The first moment of the next day, in UTC: when what is used up is there again."""
    return begin_of(day + _A_DAY, timezone)


def refused(refusal: Refusal, plan: Plan, *, timezone: str, now: datetime) -> QuotaUsedUp:
    """The error to raise for a refusal; it says to come again when the next day begins."""
    wait = end_of(day_of(now, timezone), timezone) - now
    match refusal:
        case Refusal.QUOTA_EXECUTIONS:
            return QuotaExecutions(retry_after=wait, limit=plan.executions_per_day)
        case Refusal.QUOTA_INVOCATIONS:
            return QuotaInvocations(retry_after=wait, limit=plan.invocations_per_job)
        case Refusal.QUOTA_MINUTES:
            return QuotaMinutes(retry_after=wait, limit=plan.minutes_per_day)
