"""How long a sandbox may go on without a word from its worker: a worker may be frozen.

    worker ── renewed ──▶ Leash ── until when ──▶ keeper.py, a process of its own ──▶ KILL
                                                   └ no word in time, or its worker is gone

A sandbox dies with its worker, but not where that only stands still (stopped, swapped out, cut off
from the database): then the run is given to another worker, and the code would run twice at once.
So a process outside the worker and outside the sandbox holds the end of a pipe. Moments are of the
clock that goes on while the machine sleeps, and the same in all processes.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Self

from workers.sandbox.errors import SandboxBroken
from workers.sandbox.keeper import WORD
from workers.sandbox.pipes import Pipe

_KEEPER = Path(__file__).with_name("keeper.py")


def moment() -> float:
    """Now, in seconds, by the clock of leashes."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Leash:
    """Of one sandbox; made by whoever renews its lease, handed to the driver. Use it as a context
    manager around the sandbox.
    """

    def __init__(self, length: timedelta, *, since: float) -> None:
        """Args:
        length: from a renewal to the end of the code, if no other renewal follows.
        since: when the renewal began that this starts from, by `moment`.
        """
        self._seconds = length.total_seconds()
        self._pipe = Pipe()
        self._until = since + self._seconds
        self._keeper: asyncio.subprocess.Process | None = None

    @property
    def is_over(self) -> bool:
        """Whether the code has to be dead by now."""
        return moment() >= self._until

    @property
    def has_let_go(self) -> bool:
        """Whether nobody keeps watch any more, though the sandbox has not come to its own end."""
        return self._keeper is not None and self._keeper.returncode not in (None, 0)

    def extend(self, *, since: float) -> None:
        """The lease was renewed, by a transaction that began then."""
        self._until = since + self._seconds
        if self._pipe.writes >= 0:
            # Full: the keeper stands still itself, and will find later words before it acts.
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                os.write(self._pipe.writes, WORD.pack(self._until))

    async def hold(self, sandbox: int) -> None:
        """Have the sandbox, given by descriptor of its first process, ended in time.

        Raises:
            SandboxBroken: no process can be started.
        """
        os.set_blocking(self._pipe.writes, False)
        try:
            self._keeper = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-B", str(_KEEPER)),
                *(str(sandbox), str(self._pipe.reads), repr(self._until)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(sandbox, self._pipe.reads),
                env={},
                cwd="/",
                # What is sent to all of a worker's group is not meant for it.
                start_new_session=True,
            )
        except OSError as error:
            reason = f"nobody can keep watch over it ({error.strerror})"
            raise SandboxBroken(reason=reason) from None
        self._pipe.close_reads()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._keeper is not None:
            with contextlib.suppress(ProcessLookupError):
                self._keeper.send_signal(signal.SIGKILL)
            await self._keeper.wait()
        self._pipe.close()
