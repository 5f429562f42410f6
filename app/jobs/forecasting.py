"""What an account's planned moments will come to, as things stand now. Pure.

    planned moments of all owners, in order ─▶ paused · skipped · blackout · dst ─▶ gap
        ─▶ a job: the gate of its day ─▶ booked as the run would end
        ─▶ a group: it runs; each of its jobs, one after the other, goes through the same gate
        ─▶ a campaign, a batch: it runs; no quota counts it

A run is taken to be as long as the job's runs usually were, or, where there were none, as its
timeout. Calls, forced runs and overlaps are nobody's plan, so they are not in it.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count, islice
from typing import NamedTuple
from uuid import UUID

from app.accounts.plans import Plan
from app.accounts.quotas import rules as quotas
from app.accounts.quotas.rules import DayUse
from app.fires.schemas import Forecast
from app.models import Timetable
from app.models.states import FireReason, OwnerKind
from app.schedules.rules import Planned, planned
from app.schedules.schemas import stored

# So many moments are looked ahead at most.
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Today:
    """What is used up of the account's day, and how often each job was started on it."""

    day: date
    use: DayUse
    invocations: Mapping[UUID, int]


class Step(NamedTuple):
    """A run of a job that a planned moment brings: the job's own, or one of a group's."""

    job_id: UUID
    timeout: timedelta
    length: timedelta
    # Of a group's: what follows if it is refused, and whether it comes even then.
    halts: bool = True
    always: bool = False


class Line(NamedTuple):
    """Something with a timetable, when its definition ends, and what its moments start."""

    timetable: Timetable
    expires_at: datetime | None = None
    steps: Sequence[Step] = ()
    gap: timedelta = timedelta()

    @property
    def kind(self) -> OwnerKind:
        return self.timetable.owner_kind


class Ahead:
    """The days to come of one account, as its planned runs will use them up."""

    def __init__(self, plan: Plan, timezone: str, today: Today) -> None:
        self._plan, self._timezone = plan, timezone
        self._days: dict[date, DayUse] = defaultdict(DayUse) | {today.day: today.use}
        self._started: dict[tuple[UUID, date], int] = defaultdict(int)
        for job_id, times in today.invocations.items():
            self._started[job_id, today.day] = times
        self._ends: list[tuple[datetime, date, timedelta, timedelta]] = []

    def take(self, step: Step, at: datetime) -> FireReason | None:
        """Start a run at this moment, or say what will be used up; moments rise."""
        self._book_until(at)
        job_id, timeout, length = step.job_id, step.timeout, step.length
        day = quotas.day_of(at, self._timezone)
        use = replace(self._days[day], invocations=self._started[job_id, day])
        refusal = quotas.may_start(use, self._plan, timeout=timeout)
        if refusal is not None:
            return FireReason(refusal)
        held = quotas.held_by(self._plan, timeout)
        self._days[day] = replace(use, executions=use.executions + 1, reserved=use.reserved + held)
        self._started[job_id, day] += 1
        heapq.heappush(self._ends, (at + length, day, length, held))
        return None

    def _book_until(self, moment: datetime) -> None:
        while self._ends and self._ends[0][0] <= moment:
            _, day, length, held = heapq.heappop(self._ends)
            use = self._days[day]
            self._days[day] = replace(use, booked=use.booked + length, reserved=use.reserved - held)


class _Chains:
    """The jobs of groups that will have begun, each after the one before it."""

    def __init__(self, ahead: Ahead) -> None:
        self._ahead = ahead
        self._waiting: list[tuple[datetime, int, Sequence[Step]]] = []
        self._order = count()

    def start(self, steps: Sequence[Step], at: datetime) -> None:
        if steps:
            heapq.heappush(self._waiting, (at, next(self._order), steps))

    def run_until(self, moment: datetime) -> None:
        """Take what those need that come before the moment, or at it."""
        while self._waiting and self._waiting[0][0] <= moment:
            at, _, (step, *rest) = heapq.heappop(self._waiting)
            if self._ahead.take(step, at) is None:
                at += step.length
            elif step.halts:
                rest = [one for one in rest if one.always]
            self.start(rest, at)


def forecast(lines: Sequence[Line], ahead: Ahead, *, until: datetime) -> list[Forecast]:
    """The planned moments up to then, at most `MOST`, and why which of them will be refused."""
    coming = heapq.merge(*(_coming(place, line, until) for place, line in enumerate(lines)))
    skips = [line.timetable.skips_left for line in lines]
    ran: dict[int, datetime] = {}
    chains = _Chains(ahead)
    found = []
    for at, place, fire in islice(coming, MOST):
        line, timetable = lines[place], lines[place].timetable
        chains.run_until(at)
        reason = None if fire.refused is None else FireReason(fire.refused)
        if timetable.is_paused:
            reason = FireReason.PAUSED
        elif skips[place] > 0:
            skips[place] -= 1
            is_maintenance = timetable.is_maintenance
            reason = FireReason.MAINTENANCE if is_maintenance else FireReason.SKIP_REQUESTED
        elif reason is None and place in ran and at - ran[place] < line.gap:
            reason = FireReason.GAP
        elif reason is None and line.kind is OwnerKind.JOB:
            reason = ahead.take(line.steps[0], at)
        if reason is None:
            ran[place] = at
            if line.kind is OwnerKind.GROUP:
                chains.start(line.steps, at)
        found.append(
            Forecast(
                owner_kind=line.kind, owner_id=timetable.owner_id, planned_at=at, reason=reason
            )
        )
    return found


def _coming(place: int, line: Line, until: datetime) -> Iterator[tuple[datetime, int, Planned]]:
    timetable = line.timetable
    fires = planned(stored(timetable.schedule), after=timetable.planned_until, until=until)
    for fire in fires:
        if line.expires_at is not None and fire.at >= line.expires_at:
            return
        yield fire.at, place, fire
