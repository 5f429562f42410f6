"""Whether a schedule's fires keep their distance. Pure."""

from datetime import datetime, timedelta

from app.core.errors import Fault
from app.core.zones import zone_named
from app.schedules.errors import GapTooSmall
from app.schedules.rules.planning import planned, zone_of
from app.schedules.schemas import Schedule

# The field that says when the fires are; `type` is never wrong.
_SAYS_WHEN = ("every", "cron", "at", "slot", "starts_at")


def first_gap_below(
    schedule: Schedule, *, minimum: timedelta, now: datetime, days: int = 400
) -> tuple[datetime, datetime] | None:
    """The first two fires that are nearer to each other than `minimum`; exactly that is allowed.

    Looked for from now, or from the start if that is later, over so many days, changes of the
    clocks among them. Fires that do not run (blackouts, times that do not exist) do not count.
    """
    start = now if schedule.starts_at is None else max(now, schedule.starts_at)
    earlier: datetime | None = None
    for at, refused, _ in planned(schedule, after=now, until=start + timedelta(days=days)):
        if refused is not None:
            continue
        if earlier is not None and at - earlier < minimum:
            return earlier, at
        earlier = at
    return None


def refuse_small_gaps(
    schedule: Schedule, *, minimum: timedelta, now: datetime, pointer: str = ""
) -> None:
    """Let a schedule pass whose fires are at least `minimum` apart.

    Args:
        schedule: a settled one.
        minimum: inclusive.
        now: from when on.
        pointer: where the schedule stands in the document, e.g. `/schedule`.

    Raises:
        GapTooSmall: two are not; it names them with the offsets of their place.
    """
    found = first_gap_below(schedule, minimum=minimum, now=now)
    if found is None:
        return
    zone = zone_named(zone_of(schedule))
    first, second = (at.astimezone(zone).isoformat(timespec="seconds") for at in found)
    field = next(name for name in _SAYS_WHEN if getattr(schedule, name, None) is not None)
    raise GapTooSmall(
        first=first,
        second=second,
        minimum_minutes=minimum / timedelta(minutes=1),
        faults=[Fault(f"{pointer}/{field}", "gap_too_small", f"fires at {first} and at {second}")],
    )
