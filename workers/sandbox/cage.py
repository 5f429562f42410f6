"""One sandbox as processes: built, waited for, asked to end, killed.

    bwrap ──▶ first process (reaps, dies with bwrap) ──▶ confine.py = run.py ──▶ what they start
      │ dies with us          └ killed: the kernel kills everything in its process namespace
      └ tells us the number of the first; root then writes the user's maps, and it goes on

    built ─▶ "ready" ─▶ its writable places are opened from outside ─▶ event and settings are sent

To Linux, "we" are the thread that started it: the event loop's, which lives as long as we do.
"""

import asyncio
import contextlib
import json
import os
import platform
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from workers.sandbox.command import OUTPUT, PYTHON, WRITTEN_TO, Descriptors, arguments
from workers.sandbox.errors import SandboxBroken
from workers.sandbox.leash import Leash
from workers.sandbox.order import Limits, Order
from workers.sandbox.pipes import Pipe, memory_file, readable, rest_of
from workers.sandbox.syscalls import filter_for
from workers.sandbox.users import INSIDE, User
from workers.sandbox.watching import Watch, children

START_SECONDS = 30.0
_LEAN = ("-I", "-S", "-B", "-X", "utf8")
_FORWARDER = "/penstock/inside/forwarder.py"


class Cage:
    """A sandbox that has been started. Pipes are read by whoever runs it."""

    def __init__(self, start_seconds: float = START_SECONDS) -> None:
        with contextlib.ExitStack() as opened:
            pipes = [opened.enter_context(contextlib.closing(Pipe())) for _ in range(6)]
            opened.pop_all()
        self.output, self.errors, self.told, self._asked, self._info, self._block = pipes
        self._start_seconds = start_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._first = self._main = self._bwrap = -1
        self._first_pid = 0
        self._places: dict[str, int] = {}

    async def start(self, bwrap: str, order: Order, equipment: Path, user: User) -> None:
        """Build it; the program inside then waits for `send`.

        Raises:
            SandboxBroken: bubblewrap is missing or refuses.
        """
        program = shutil.which(bwrap)
        if program is None:
            raise SandboxBroken(reason=f"the program {bwrap} (bubblewrap) is not installed")
        seccomp = filter_for(platform.machine())
        if seccomp is None:
            raise SandboxBroken(reason=f"there is no list of calls for {platform.machine()}")
        for pipe in (self.output, self.errors, self.told):
            pipe.enlarge()
        with contextlib.ExitStack() as passed:
            filtered = memory_file("seccomp", seccomp)
            passed.callback(os.close, filtered)
            descriptors = Descriptors(filtered, self._info.writes, self._block.reads)
            words = arguments(order, equipment, user, descriptors)
            told = memory_file("arguments", b"".join(word.encode() + b"\0" for word in words))
            passed.callback(os.close, told)
            await self._spawn(program, order, told, filtered)
        for pipe in (self.output, self.errors, self.told, self._info):
            pipe.close_writes()
        for pipe in (self._asked, self._block):
            pipe.close_reads()
        await self._let_in(user)

    async def _spawn(self, program: str, order: Order, told: int, filtered: int) -> None:
        try:
            self._process = await asyncio.create_subprocess_exec(
                program,
                *("--args", str(told), "--"),
                *self._program(order),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self.output.writes,
                stderr=self.errors.writes,
                pass_fds=(
                    *(told, filtered, self._info.writes, self._block.reads),
                    *(self._asked.reads, self.told.writes),
                ),
                # The first process shows its environment to everybody inside.
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxBroken(reason=f"bubblewrap does not start ({error.strerror})") from None
        with contextlib.suppress(OSError):
            self._bwrap = os.pidfd_open(self._process.pid)

    async def is_ready(self, heard: Callable[[], bool]) -> None:
        """Wait for the program inside, then open what will be looked at from outside.

        Raises:
            SandboxBroken: it ended before, in bubblewrap's words.
        """
        try:
            async with asyncio.timeout(self._start_seconds):
                while not heard():
                    if self.has_ended:
                        raise self._refusal()
                    await asyncio.sleep(0.001)
        except TimeoutError:
            raise self._too_slow() from None
        try:
            main = children(self._first_pid)[0]
            self._main = os.pidfd_open(main)
            # What the kernel makes of its user; a map read inside tells of the namespace above.
            if _runs_as_root(main):
                raise SandboxBroken(reason="the code would run as root")
            for place in WRITTEN_TO:
                path = f"/proc/{self._first_pid}/root/{place}"
                self._places[place] = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (OSError, IndexError):
            raise SandboxBroken(reason="it cannot be looked into from outside") from None

    async def put_on(self, leash: Leash) -> None:
        """From here on it ends when the leash does.

        Raises:
            SandboxBroken: nobody can be had who would see to that.
        """
        await leash.hold(self._first)

    async def send(self, content: bytes) -> None:
        """Give the program inside what it waits for; the code begins."""
        await asyncio.to_thread(self._write, content)

    def watch(self, limits: Limits) -> Watch:
        return Watch(self._first_pid, list(self._places.values()), limits)

    @property
    def left(self) -> int:
        """`$OUTPUT_DIR`, by descriptor; there until `close`, whoever has died."""
        return self._places[OUTPUT]

    @property
    def has_ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    async def ended(self) -> int:
        """The exit code, once all of it is gone; 128 and the signal, where that ended it."""
        if self._process is None:
            return 0
        code = await self._process.wait()
        if self._first >= 0:
            # bwrap goes as soon as it knows the code. The first process goes when the kernel has
            # ended everybody else inside, and only then does nothing move any more.
            _signal(self._first, signal.SIGKILL)
            await readable(self._first)
        return code

    def ask_to_end(self) -> None:
        """TERM to the customer's process, and to nobody else."""
        _signal(self._main, signal.SIGTERM)

    def kill(self) -> None:
        """End everything inside, at once."""
        _signal(self._first, signal.SIGKILL)
        if self._process is None or self._process.returncode is not None:
            return
        if self._bwrap >= 0:
            # Not by asyncio: it looks first whether it has ended, and if so, takes the exit code
            # away from whoever waits for it.
            _signal(self._bwrap, signal.SIGKILL)
        else:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def close(self) -> None:
        """Nothing of it is left: no process, no memory, no descriptor."""
        self.kill()
        try:
            await self.ended()
        finally:
            pipes = (self.output, self.errors, self.told, self._asked, self._info, self._block)
            for pipe in pipes:
                pipe.close()
            for descriptor in (self._first, self._main, self._bwrap, *self._places.values()):
                if descriptor >= 0:
                    os.close(descriptor)

    def _program(self, order: Order) -> list[str]:
        numbers = [self._asked.reads, self.told.writes]
        user = {"uid": INSIDE, "gid": INSIDE, "keep": numbers, "limits": _limits(order.limits)}
        words = [str(PYTHON), *_LEAN, "/penstock/inside/confine.py", json.dumps(user)]
        words += [*_LEAN, "/penstock/inside/run.py", *map(str, numbers)]
        return [*words, _FORWARDER] if order.proxy_socket else words

    async def _let_in(self, user: User) -> None:
        """Learn the first process; root makes the run's user and nobody else known to it."""
        told = b""
        try:
            async with asyncio.timeout(self._start_seconds):
                while not told.endswith(b"}\n"):
                    await readable(self._info.reads)
                    piece = os.read(self._info.reads, 4_096)
                    if not piece:
                        await self.ended()
                        raise self._refusal()
                    told += piece
        except TimeoutError:
            raise self._too_slow() from None
        self._first_pid = int(json.loads(told)["child-pid"])
        try:
            self._first = os.pidfd_open(self._first_pid)
            user.let_into(self._first_pid)
        except OSError as error:
            raise SandboxBroken(reason=f"its user cannot be made ({error.strerror})") from None
        self._block.close_writes()

    def _too_slow(self) -> SandboxBroken:
        return SandboxBroken(reason=f"it did not start in {self._start_seconds:g} seconds")

    def _refusal(self) -> SandboxBroken:
        said = rest_of(self.errors.reads).decode(errors="replace").strip().splitlines()
        return SandboxBroken(reason=said[-1][:500] if said else "it ended without a word")

    def _write(self, content: bytes) -> None:
        rest = memoryview(content)
        with contextlib.suppress(BrokenPipeError):
            while rest:
                rest = rest[os.write(self._asked.writes, rest) :]
        self._asked.close_writes()


@contextlib.asynccontextmanager
async def caged(start_seconds: float = START_SECONDS) -> AsyncIterator[Cage]:
    """A cage that is gone after the block, whatever happened in it."""
    cage = Cage(start_seconds)
    try:
        yield cage
    finally:
        await cage.close()


def _limits(limits: Limits) -> dict[str, Any]:
    """For each process. DATA is what it has to itself; AS also what it only reserves or shares.

    CPU's first limit is a signal that tells what it was; the kernel's KILL follows a second later.
    """
    exact = {
        "DATA": limits.memory_bytes,
        "AS": 4 * limits.memory_bytes,
        "NPROC": limits.processes,
        "NOFILE": limits.open_files,
        "FSIZE": limits.file_bytes,
        "CORE": 0,
        "MSGQUEUE": 0,
        "MEMLOCK": 0,
    }
    cpu = {"CPU": (limits.cpu_seconds, limits.cpu_seconds + 1)}
    return {name: (most, most) for name, most in exact.items()} | cpu


def _runs_as_root(pid: int) -> bool:
    return Path(f"/proc/{pid}").stat().st_uid == 0


def _signal(process: int, number: signal.Signals) -> None:
    if process >= 0:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, number)
