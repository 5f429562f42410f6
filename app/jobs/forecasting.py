"""What the planned moments of an account's jobs will come to, as things stand now.

    planned moments of all jobs, in order ─▶ paused · skipped · blackout · dst ─▶ gap ─▶ the gate
                                                of their day ─▶ booked as each run would end

A run is taken to be as long as the job's runs usually were, or, where there were none, as its
timeout. Calls, forced runs and overlaps are nobody's plan, so they are not in it.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID

from app.accounts.plans import Plan
from app.accounts.quotas import rules as quotas
from app.accounts.quotas.rules import DayUse
from app.fires.schemas import Forecast
from app.models import Job, Timetable
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


class Ahead:
    """The days to come of one account, as its planned runs will use them up."""

    def __init__(self, plan: Plan, timezone: str, today: Today) -> None:
        self._plan, self._timezone = plan, timezone
        self._days: dict[date, DayUse] = defaultdict(DayUse) | {today.day: today.use}
        self._started: dict[tuple[UUID, date], int] = defaultdict(int)
        for job_id, times in today.invocations.items():
            self._started[job_id, today.day] = times
        self._ends: list[tuple[datetime, date, timedelta, timedelta]] = []

    def take(
        self, job_id: UUID, at: datetime, *, timeout: timedelta, length: timedelta
    ) -> FireReason | None:
        """Start a run at this moment, or say what will be used up; moments rise."""
        self._book_until(at)
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


def forecast(
    timetables: Sequence[tuple[Timetable, Job]],
    lengths: Mapping[UUID, timedelta],
    ahead: Ahead,
    *,
    gap: timedelta,
    until: datetime,
) -> list[Forecast]:
    """The planned moments up to then, at most `MOST`, and why which of them will be refused."""
    jobs = {job.id: (timetable, job) for timetable, job in timetables}
    coming = heapq.merge(*(_coming(timetable, job, until) for timetable, job in timetables))
    skips = {job_id: timetable.skips_left for job_id, (timetable, _) in jobs.items()}
    ran: dict[UUID, datetime] = {}
    found = []
    for at, job_id, fire in islice(coming, MOST):
        timetable, job = jobs[job_id]
        reason = None if fire.refused is None else FireReason(fire.refused)
        if timetable.is_paused:
            reason = FireReason.PAUSED
        elif skips[job_id] > 0:
            skips[job_id] -= 1
            is_maintenance = timetable.is_maintenance
            reason = FireReason.MAINTENANCE if is_maintenance else FireReason.SKIP_REQUESTED
        elif reason is None and job_id in ran and at - ran[job_id] < gap:
            reason = FireReason.GAP
        elif reason is None:
            length = lengths.get(job_id, job.timeout)
            reason = ahead.take(job_id, at, timeout=job.timeout, length=length)
        if reason is None:
            ran[job_id] = at
        found.append(
            Forecast(owner_kind=OwnerKind.JOB, owner_id=job_id, planned_at=at, reason=reason)
        )
    return found


def _coming(
    timetable: Timetable, job: Job, until: datetime
) -> Iterator[tuple[datetime, UUID, Planned]]:
    fires = planned(stored(timetable.schedule), after=timetable.planned_until, until=until)
    for fire in fires:
        if job.expires_at is not None and fire.at >= job.expires_at:
            return
        yield fire.at, job.id, fire
