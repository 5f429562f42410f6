"""What becomes of planned moments whose time has come. Pure.

planned ──▶ expired · paused · skip_requested · maintenance · blackout · dst    whatever runs
        ──▶ missed_window                                                       too late
        ──▶ overlap · gap · quota_…                                             by what runs
        ──▶ ran, perhaps buffered behind the run before, or in its place
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from app.models.states import FireReason
from app.schedules.parts import Overlap
from app.schedules.rules import Planned, catch_up_of, next_planned, planned, which_to_catch_up
from app.schedules.rules.planning import far_from
from app.schedules.schemas import Schedule

# So late is on time, whatever `catch_up` says: planners look once a second, and may change hosts.
ON_TIME = timedelta(minutes=1)
# Of a long outage so many moments at a time, or all that could still run if these are more.
MOST_AT_ONCE = 1_000
_BRIEFEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a timetable as its turn comes."""

    schedule: Schedule
    planned_until: datetime
    expires_at: datetime | None = None
    is_paused: bool = False
    skips_left: int = 0
    is_maintenance: bool = False


@dataclass(slots=True)
class Track:
    """What runs of one owner, while its fires are judged one after the other.

    Args:
        gap: what two scheduled executions must lie apart, by their planned moments; inclusive.
    """

    unfinished: int = 0
    buffered: int = 0
    last_ran_at: datetime | None = None
    gap: timedelta = timedelta()


class Verdict(NamedTuple):
    """A planned fire, and why it does not run; None: it may, as far as was looked."""

    fire: Planned
    reason: FireReason | None = None
    # Only of those that run: behind what is at work, or in its place.
    is_buffered: bool = False
    replaces: bool = False


@dataclass(slots=True)
class Turn:
    """A timetable's due moments, and how it stands after them."""

    verdicts: list[Verdict] = field(default_factory=list)
    skips_used: int = 0
    planned_until: datetime | None = None
    next_at: datetime | None = None


def take_turn(situation: Situation, *, now: datetime) -> Turn:
    """Judge what is due by all that does not depend on what else runs.

    Every moment in (planned_until, now] has a verdict, up to the definition's end; after a long
    outage the oldest ones come first, and `next_at` is due already.
    """
    schedule, last = situation.schedule, _last_moment(situation, now)
    due, next_at = _portion(schedule, situation.planned_until, last, now)
    until = last if len(due) < MOST_AT_ONCE else due[-1].at
    turn = Turn(planned_until=max(until, situation.planned_until))
    turn.next_at = _before_end(next_at, situation.expires_at)
    has_expired = situation.expires_at is not None and situation.expires_at <= now
    open_fires = []
    for fire in due:
        reason = None
        if has_expired:
            reason = FireReason.EXPIRED
        elif situation.is_paused:
            reason = FireReason.PAUSED
        elif turn.skips_used < situation.skips_left:
            turn.skips_used += 1
            is_maintenance = situation.is_maintenance
            reason = FireReason.MAINTENANCE if is_maintenance else FireReason.SKIP_REQUESTED
        elif fire.refused is not None:
            reason = FireReason(fire.refused)
        else:
            open_fires.append(fire)
        turn.verdicts.append(Verdict(fire, reason))
    runs = _in_time(schedule, open_fires, now)
    turn.verdicts = [
        verdict._replace(reason=FireReason.MISSED_WINDOW)
        if verdict.reason is None and verdict.fire.at not in runs
        else verdict
        for verdict in turn.verdicts
    ]
    return turn


def judge(
    fire: Planned, overlap: Overlap, track: Track, take: Callable[[], FireReason | None]
) -> Verdict:
    """Judge a fire that may run by what runs; notes on the track that it does.

    Args:
        take: takes what a run needs of the day, or says what is used up.
    """
    is_buffered = replaces = False
    if track.unfinished:
        is_full = overlap is Overlap.BUFFER_ONE and track.buffered > 0
        if overlap is Overlap.SKIP or is_full:
            return Verdict(fire, FireReason.OVERLAP)
        replaces = overlap is Overlap.CANCEL_OTHER
        is_buffered = not replaces
    if track.last_ran_at is not None and fire.at - track.last_ran_at < track.gap:
        return Verdict(fire, FireReason.GAP)
    refusal = take()
    if refusal is not None:
        return Verdict(fire, refusal)
    track.last_ran_at = fire.at
    track.unfinished = 1 if replaces else track.unfinished + 1
    track.buffered += is_buffered
    return Verdict(fire, None, is_buffered, replaces)


def next_moment(
    schedule: Schedule, *, after: datetime, expires_at: datetime | None
) -> datetime | None:
    """The first planned moment after this one, before the definition's end; None: there is none."""
    found = next_planned(schedule, after=after)
    return _before_end(None if found is None else found.at, expires_at)


def _before_end(at: datetime | None, expires_at: datetime | None) -> datetime | None:
    return None if at is None or (expires_at is not None and at >= expires_at) else at


def _last_moment(situation: Situation, now: datetime) -> datetime:
    """Up to when moments are planned: now, or until just before the definition's end."""
    if situation.expires_at is None:
        return now
    return min(now, situation.expires_at - _BRIEFEST)


def _portion(
    schedule: Schedule, after: datetime, until: datetime, now: datetime
) -> tuple[list[Planned], datetime | None]:
    """The due moments, and the one after them, found in one walk.

    Of very many due ones the oldest, but no end within what could still run.
    """
    due: list[Planned] = []
    late: timedelta | None = None
    for fire in planned(schedule, after=after, until=far_from(max(after, until))):
        if fire.at > until:
            return due, fire.at
        if len(due) >= MOST_AT_ONCE:
            if late is None:
                late = _tolerance(schedule, fire.at)
            if now - due[-1].at > late:
                return due, fire.at
        due.append(fire)
    return due, None


def _in_time(schedule: Schedule, fires: list[Planned], now: datetime) -> frozenset[datetime]:
    """Which of the fires that nothing forbids are not too late."""
    if not fires:
        return frozenset()
    if len(fires) == 1 and now - fires[0].at <= ON_TIME:
        return frozenset({fires[0].at})
    late = _tolerance(schedule, fires[-1].at)
    found = which_to_catch_up(fires, now=now, catch_up=late, overlap=schedule.overlap)
    return frozenset(fire.at for fire in found.runs)


def _tolerance(schedule: Schedule, at: datetime) -> timedelta:
    return max(catch_up_of(schedule, at), ON_TIME)
