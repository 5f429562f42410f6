"""Child processes that cannot outlive the process that started them."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.embedded.libc import LIBC

POLL = 0.05  # seconds; a waitpid costs microseconds, and needs no thread or event loop of its own
TAIL_LINES = 15
LOG_BYTES = 10 * 2**20

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """The user and group a child runs as."""

    uid: int
    gid: int


class Child:
    """A process in a session of its own, with its output appended to a log file.

    Of its own session, so that Ctrl-C in the terminal reaches only its parent. It belongs to no
    event loop: one loop may start it and another one wait for it.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @classmethod
    def spawn(
        cls,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
        identity: Identity | None = None,
        death_signal: signal.Signals = signal.SIGTERM,
    ) -> Self:
        """Start a command; on Linux it gets `death_signal` when its parent dies.

        Call it from a thread that lives as long as the process: to Linux the "parent" is the
        *thread* that forked, and a pool's thread takes the child with it when it ends.
        """
        with _appending(log) as output:
            process = subprocess.Popen(  # noqa: S603  # commands are ours, never a caller's
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
                user=identity.uid if identity else None,
                group=identity.gid if identity else None,
                extra_groups=[] if identity else None,
                # Runs after the change of user, which would clear the death signal.
                preexec_fn=_dies_with(os.getpid(), death_signal),  # noqa: PLW1509  # it only calls prctl
            )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        """The return code, or None while it runs."""
        if self._process.returncode is not None:
            return self._process.returncode
        code = self._process.poll()
        if code is not None:
            # What it started and left behind; done at once, before the number can be given anew.
            _kill_group(self.pid)
        return code

    async def wait(self) -> int:
        """The return code, once it has ended (negative: the signal that ended it)."""
        while True:
            if (code := self.poll()) is not None:
                return code
            await asyncio.sleep(POLL)

    async def end(
        self, with_signal: signal.Signals, *, grace: float, hurry: asyncio.Event | None = None
    ) -> bool:
        """Ask it to end; True if it did within `grace` seconds, and before `hurry` was set."""
        if self.poll() is None:
            self._process.send_signal(with_signal)
        until = time.monotonic() + grace
        while self.poll() is None:
            if time.monotonic() > until or (hurry is not None and hurry.is_set()):
                return False
            await asyncio.sleep(POLL)
        return True

    async def kill(self) -> None:
        """End it and its process group without asking."""
        self.kill_now()
        await self.wait()

    def kill_now(self) -> None:
        """Like `kill`, where waiting is not possible."""
        if self.poll() is None:
            _kill_group(self.pid)


async def run_to_end(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
    identity: Identity | None = None,
) -> int:
    """Run a command to its end and return its return code; a cancelled wait kills it."""
    child = Child.spawn(command, log=log, env=env, cwd=cwd, identity=identity)
    try:
        return await child.wait()
    finally:
        child.kill_now()
        child.poll()


def describe(code: int) -> str:
    """A return code in words: `killed by SIGKILL`, `exit code 3`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def tail(log: Path) -> str:
    """The last lines of a log."""
    try:
        text = log.read_bytes()[-20_000:].decode(errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-TAIL_LINES:])


@contextlib.contextmanager
def _appending(log: Path) -> Iterator[int]:
    """The log opened for appending; a long one is set aside first."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".1.log"))
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _dies_with(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    if LIBC is None:
        return None
    prctl, number = LIBC.prctl, int(death_signal)

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        # The parent may have died before the line above; then no signal would ever come.
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
