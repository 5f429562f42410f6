"""The desk: concurrent requests are gathered into few transactions.

    submit ──▶ one line per account ──▶ pump: whatever waits, at once, at most 500 items,
       │ full: 503                          round robin over accounts, one transaction
       └─ more than 20 items: a transaction of its own

There is no fixed wait: a lone request is taken at once; while a transaction commits, the next
ones gather behind it. Only if it takes long do they go beside it. And where transactions take long
because the machine is busy, each is for more requests; see `pace`.
"""

import asyncio
import contextlib
import random
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar
from uuid import UUID

from app.core import log, metrics
from app.core.admission import Admission
from app.core.db import sqlstate_of
from app.core.errors import Unavailable
from app.core.failpoints import Purpose
from app.core.problems import as_app_error
from app.core.resources import Line, Resources
from app.responses.intake.fold import Outcome
from app.responses.intake.items import Submission
from app.responses.intake.pace import is_worth_waiting, pause, stand_back
from app.responses.intake.transaction import Redo, take_in

_log = log.get(__name__)
T = TypeVar("T")

# Deadlock, lock timeout, serialisation, and a unique index that another was first in.
_TRY_AGAIN = frozenset({"40P01", "55P03", "40001", "23505"})
_LONGEST_PAUSE_SECONDS = 0.02


class IntakeFull(Unavailable):
    """More requests are waiting than can be taken in soon; nothing of this one was kept."""


class IntakeBusy(Unavailable):
    """The same people are being written by too many at once; nothing of this one was kept."""


@dataclass(slots=True)
class _Waiting:
    submission: Submission
    answer: asyncio.Future[list[Outcome]]
    since: float


class Desk:
    """Takes submissions and answers each after its commit; one per process."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._settings = resources.settings.intake
        self._lines: OrderedDict[UUID, deque[_Waiting]] = OrderedDict()
        self._waiting = 0
        self._arrived = asyncio.Event()
        self._arrivals = 0
        self._at_work: list[float] = []  # when each transaction under way began
        self._gathers = False
        self._came_back = asyncio.Event()
        self._pumps: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._pumps = [
            asyncio.create_task(self._pump(), name=f"intake-{number}")
            for number in range(self._settings.transactions)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for pump in self._pumps:
            pump.cancel()
        for pump in self._pumps:
            with contextlib.suppress(asyncio.CancelledError):
                await pump

    async def submit(self, submission: Submission) -> list[Outcome]:
        """Take one request in; returns after its commit.

        Raises:
            IntakeFull: the line is full.
            IntakeBusy: five tries met deadlocks or lock timeouts.
            KeyInvalid: the key was revoked since it was last looked at.
        """
        if len(submission.items) > self._settings.gather_below:
            async with self._resources.line() as line:
                return (await self._take(line, [submission]))[0]
        if self._waiting >= self._settings.queue:
            metrics.INTAKE_WAITING.inc()
            raise IntakeFull
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future(), time.monotonic())
        self._lines.setdefault(submission.account_id, deque()).append(waiting)
        self._waiting += 1
        self._arrivals += 1
        self._arrived.set()
        return await waiting.answer

    async def _pump(self) -> None:
        async with self._resources.line() as line:
            while True:
                while not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                if not self._at_work or await self._is_our_turn():
                    await self._work(line)

    async def _is_our_turn(self) -> bool:
        """Let the others finish first, unless that takes long; who has just finished goes on."""
        left = stand_back(at_work=time.monotonic() - self._at_work[-1])
        if not left:
            return True
        self._came_back.clear()
        try:
            async with asyncio.timeout(left):
                await self._came_back.wait()
        except TimeoutError:
            return True
        return not self._at_work

    async def _work(self, line: Line) -> None:
        at_work_since = time.monotonic()
        self._at_work.append(at_work_since)
        try:
            if self._gathers:
                await self._let_gather()
            # Another transaction may have taken them meanwhile.
            if gathered := self._gather():
                began, before = time.monotonic(), self._arrivals
                await self._answer(line, gathered)
                self._gathers = is_worth_waiting(
                    took=time.monotonic() - began, came=self._arrivals - before
                )
        finally:
            self._at_work.remove(at_work_since)
            self._came_back.set()

    async def _let_gather(self) -> None:
        came = self._waiting
        while came > 0:
            oldest = min(line[0].since for line in self._lines.values())
            seconds = pause(waiting=self._waiting, waited=time.monotonic() - oldest)
            if not seconds:
                return
            before = self._waiting
            await asyncio.sleep(seconds)
            came = self._waiting - before

    def _gather(self) -> list[_Waiting]:
        """Whatever waits, one request of each account in turn, up to the limit of items."""
        gathered: list[_Waiting] = []
        rows = 0
        while self._lines and rows < self._settings.gather_rows:
            account_id, line = next(iter(self._lines.items()))
            waiting = line.popleft()
            gathered.append(waiting)
            rows += len(waiting.submission.items)
            del self._lines[account_id]
            if line:
                self._lines[account_id] = line
        self._waiting -= len(gathered)
        return gathered

    async def _answer(self, line: Line, gathered: list[_Waiting]) -> None:
        try:
            outcomes = await self._take(line, [waiting.submission for waiting in gathered])
        except Exception as error:
            if len(gathered) == 1 or isinstance(as_app_error(error), Unavailable):
                for waiting in gathered:
                    _fail(waiting, error)
                return
            # Something in one of them does not go in; alone, each shows which.
            _log.warning("intake_apart", error=type(error).__name__, requests=len(gathered))
            for waiting in gathered:
                await self._answer(line, [waiting])
            return
        for waiting, outcome in zip(gathered, outcomes, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(outcome)

    async def _take(self, line: Line, submissions: Sequence[Submission]) -> list[list[Outcome]]:
        """One transaction for all of them, tried again where another was first."""
        accounts = {submission.account_id for submission in submissions}

        async def attempt(admission: Admission) -> list[list[Outcome]]:
            async with line.unit_of_work(
                *accounts, purpose=Purpose.INTAKE, admission=admission
            ) as tx:
                return await take_in(tx, submissions)

        outcomes = await tried(attempt, most=self._settings.attempts)
        count(outcomes)
        return outcomes


def count(outcomes: Sequence[Sequence[Outcome]]) -> None:
    """Show in the metrics what one committed transaction has taken in."""
    metrics.INTAKE_COMMITS.inc()
    for outcome in (o for answered in outcomes for o in answered):
        metrics.INTAKE_ITEMS.labels(outcome.result.value).inc()


async def tried(attempt: Callable[[Admission], Awaitable[T]], *, most: int) -> T:
    """Run a transaction, again where another was first; at most `most` times, with jitter.

    The first try goes beside others; the next ones go alone in their accounts: people who are new
    and known by an address here and an external id there leave no order in which many writers
    could insert them without meeting again, and a large transaction would lose to many small ones.

    Raises:
        IntakeBusy: every try met a deadlock, a lock timeout or somebody faster.
    """
    for number in range(1, most + 1):
        try:
            return await attempt(Admission.BESIDE if number == 1 else Admission.ALONE)
        except Exception as error:
            if not is_worth_another_try(error):
                raise
        metrics.INTAKE_REDONE.inc()
        await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS) * number)  # noqa: S311  # jitter
    raise IntakeBusy


def is_worth_another_try(error: Exception) -> bool:
    """Whether the same transaction, run again, sees what it lost against."""
    return isinstance(error, Redo) or sqlstate_of(error) in _TRY_AGAIN


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error)
