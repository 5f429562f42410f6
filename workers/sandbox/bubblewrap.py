"""The driver that is there: bubblewrap, with limits of its own around it.

a user of its own ─▶ cage ─▶ ready ─▶ the code runs, its lines are told ─▶ it ends
                                         │ deadline, cancelled: TERM, grace, KILL
                                         │ more than all its processes may use: KILL
                                         └ its leash is over: KILL, by another process
                          everybody dead ─▶ $OUTPUT_DIR is looked through ─▶ Outcome
"""

import asyncio
import json
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from app.core.settings import Code
from workers.sandbox import self_test, users
from workers.sandbox.cage import START_SECONDS, Cage, caged
from workers.sandbox.channel import Channel
from workers.sandbox.counts import Counts, CountsWrong, counts_of
from workers.sandbox.driver import OnEmail, OnLine
from workers.sandbox.equipment import equipment
from workers.sandbox.errors import CodeUnreadable
from workers.sandbox.judging import NOT_PRINTED, Verdict, judge, signal_of
from workers.sandbox.leash import Leash
from workers.sandbox.leftovers import Leftovers
from workers.sandbox.lines import Budget, Level, Lines
from workers.sandbox.masking import Masker
from workers.sandbox.order import Order
from workers.sandbox.outcome import Ended, Limit, Outcome
from workers.sandbox.pipes import Pipe, pump
from workers.sandbox.watching import SECONDS

# Inside, `run.py`: of a long traceback the end.
_ERROR_CUT = 8_000


@dataclass(slots=True)
class _Stop:
    """Why and how a run is being ended by us."""

    cause: Ended | None = None
    limit: Limit | None = None
    kill_at: float | None = None


@dataclass(frozen=True, slots=True)
class _Ends:
    """What may end a run before it ends itself: its deadline, a call to stop, a silent worker."""

    at: float
    is_cancelled: asyncio.Event | None
    leash: Leash | None

    @property
    def has_come(self) -> bool:
        """Whether it has to be dead by now, however it does: its run may be another's."""
        return self.leash is not None and (self.leash.is_over or self.leash.has_let_go)


@dataclass(frozen=True, slots=True)
class _Talk:
    """Everything that comes out of one run while it lasts."""

    on_line: OnLine
    on_email: OnEmail | None
    masker: Masker
    budget: Budget
    line_bytes: int
    told: Channel = field(default_factory=Channel)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def listen(self, pipe: Pipe, level: Level) -> None:
        lines = Lines(level, self.masker, self.budget, self.line_bytes)

        async def take(data: bytes) -> None:
            # Covering values takes a while where there are many; both pipes draw on one budget.
            async with self.turn:
                found = await asyncio.to_thread(lambda: list(lines.feed(data)))
            for line in found:
                self.on_line(line)

        await pump(pipe.reads, take, is_enough=lambda: self.budget.is_over)
        for line in lines.close():
            self.on_line(line)

    async def hear(self, pipe: Pipe) -> None:
        async def take(data: bytes) -> None:
            for email in self.told.feed(data):
                if self.on_email is not None:
                    self.on_email(email)

        await pump(pipe.reads, take, is_enough=lambda: False)


class Bubblewrap:
    """Runs customers' code under bubblewrap, as root and as an ordinary user.

    Args:
        settings: where bubblewrap and the scratch folder are, graces, users for root's runs.
        forwarder: the program that leads from the sandbox's loopback to an order's proxy socket,
            called inside as `forwarder SOCKET PORT READY_DESCRIPTOR`; without it no order may
            name a socket.
        start_seconds: how long building a sandbox may take.
    """

    def __init__(
        self,
        settings: Code,
        forwarder: Path | None = None,
        *,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self._settings = settings
        self._forwarder = forwarder
        self._start_seconds = start_seconds
        self._scratch = Path(settings.scratch).absolute()

    async def run(
        self,
        order: Order,
        *,
        on_line: OnLine,
        on_email: OnEmail | None = None,
        is_cancelled: asyncio.Event | None = None,
        leash: Leash | None = None,
    ) -> Outcome:
        """See `Driver.run`."""
        began = time.monotonic()
        _check_readable(order.code)
        if order.proxy_socket is not None and self._forwarder is None:
            raise ValueError("a way to the proxy needs a forwarder")
        ours = await asyncio.to_thread(equipment, self._scratch, self._forwarder)
        lent = users.lent(
            self._scratch, first_user=self._settings.first_user, most=self._settings.users
        )
        masker = Masker(order.variables, order.secrets)
        budget = Budget(order.limits.log_bytes)
        talk = _Talk(on_line, on_email, masker, budget, order.limits.line_bytes)
        with lent as user:
            user.admit(order.code, order.proxy_socket)
            async with caged(self._start_seconds) as cage:
                await cage.start(self._settings.bwrap, order, ours, user)
                ends = _Ends(began + order.deadline.total_seconds(), is_cancelled, leash)
                stop, code = await self._attend(cage, order, talk, ends)
                leftovers = Leftovers(order.limits.output_bytes)
                await asyncio.to_thread(leftovers.gather, cage.left, order.keep_output_in)
        verdict = judge(talk.told, code, cause=stop.cause, limit=stop.limit)
        is_returned = verdict.ended is Ended.RETURNED
        covered = Masker(order.secrets).masked_json
        counts, faults = _counts(talk.told) if is_returned else (None, [])
        return Outcome(
            ended=verdict.ended,
            elapsed=timedelta(seconds=time.monotonic() - began),
            value=await asyncio.to_thread(covered, talk.told.value) if is_returned else None,
            counts=counts,
            limit=verdict.limit,
            error=_error(verdict.error, talk.told, masker),
            exit_code=verdict.exit_code,
            signal=verdict.signal,
            files=tuple(leftovers.files),
            refused=tuple(replace(one, name=masker.masked(one.name)) for one in leftovers.refused),
            warnings=(*faults, *_warnings(talk, leftovers, verdict)),
        )

    async def self_test(self) -> Sequence[str]:
        """See `Driver.self_test`."""
        return await self_test.reasons(self.run, self._scratch)

    async def _attend(
        self, cage: Cage, order: Order, talk: _Talk, ends: _Ends
    ) -> tuple[_Stop, int]:
        hearing = asyncio.create_task(talk.hear(cage.told))
        try:
            await cage.is_ready(lambda: talk.told.is_ready)
            if ends.leash is not None:
                await cage.put_on(ends.leash)
            async with asyncio.TaskGroup() as listening:
                listening.create_task(talk.listen(cage.output, Level.INFO))
                listening.create_task(talk.listen(cage.errors, Level.ERROR))
                if not ends.has_come:
                    await cage.send(_order_inside(order))
                stop = await self._watch(cage, order, ends)
                code = await cage.ended()
            # Not if it had come to its own end, and was only not looked at for so long.
            if ends.has_come and stop.cause is None and signal_of(code) == signal.SIGKILL:
                stop.cause = Ended.FORSAKEN
            await hearing
        finally:
            hearing.cancel()
        return stop, code

    async def _watch(self, cage: Cage, order: Order, ends: _Ends) -> _Stop:
        """Until it has ended, or has been killed."""
        stop, watch = _Stop(), cage.watch(order.limits)
        grace = self._settings.grace.total_seconds()
        end_at = ends.at
        ended = asyncio.create_task(cage.ended())
        cancelled = asyncio.create_task((ends.is_cancelled or asyncio.Event()).wait())
        try:
            while not ended.done():
                now = time.monotonic()
                if ends.has_come:
                    cage.kill()
                    await ended
                elif limit := watch.exceeded():
                    if stop.cause is None:
                        stop.cause, stop.limit = Ended.KILLED, limit
                    cage.kill()
                    await ended
                elif stop.kill_at is not None and now >= stop.kill_at:
                    cage.kill()
                    await ended
                elif stop.kill_at is None and (cancelled.done() or now >= end_at):
                    stop.cause = Ended.CANCELLED if cancelled.done() else Ended.TIMEOUT
                    stop.kill_at = now + grace
                    cage.ask_to_end()
                until = end_at if stop.kill_at is None else stop.kill_at
                pause = min(SECONDS, max(0.0, until - time.monotonic()))
                waiting = {ended, cancelled} if stop.kill_at is None else {ended}
                await asyncio.wait(waiting, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            cancelled.cancel()
        return stop


def _check_readable(code: Path) -> None:
    if not any((code / place / "main.py").is_file() for place in ("", "src")):
        raise CodeUnreadable


def _order_inside(order: Order) -> bytes:
    settings = {**order.variables, **order.secrets}
    return json.dumps({"event": asdict(order.event), "settings": settings}).encode()


def _error(text: str, told: Channel, masker: Masker) -> str:
    is_cut = len(told.error or "") >= _ERROR_CUT
    return masker.masked_piece(text, before=is_cut)


def _counts(told: Channel) -> tuple[Counts | None, list[str]]:
    try:
        return counts_of(told.value), []
    except CountsWrong as wrong:
        return None, [f"What main returned is no counts: {wrong}"]


def _warnings(talk: _Talk, leftovers: Leftovers, verdict: Verdict) -> list[str]:
    found = list(talk.told.warnings)
    if talk.told.unfit:
        found.append(f"What main returned is not kept: {talk.told.unfit}.")
    if talk.budget.is_over:
        found.append("The log is cut short.")
    if verdict.ended is Ended.RETURNED and verdict.exit_code == NOT_PRINTED:
        found.append("Something that was to be printed at the end is lost.")
    if leftovers.refused:
        found.append(f"{len(leftovers.refused)} of the files left behind are not kept.")
    return found
