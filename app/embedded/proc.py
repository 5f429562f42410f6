"""What the kernel tells of processes that are not our children; without /proc, nothing."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")
_POLL = 0.05


def is_there() -> bool:
    """Whether this system has /proc at all."""
    return (PROC / "self" / "stat").exists()


def started_at(pid: int) -> int | None:
    """When a process started, in ticks since boot; None if it is gone or cannot be known.

    A pid together with this names one process for ever, a pid alone only while it lives.
    """
    try:
        # The second field, the name, may hold blanks and brackets; the last bracket ends it.
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else int(fields[19])
    except (OSError, ValueError, IndexError):
        return None


def working_in(directory: Path, name: str) -> list[int]:
    """The processes of that name whose working directory this is."""
    found = []
    wanted = str(directory.resolve())
    for entry in _processes():
        with contextlib.suppress(OSError):
            # A zombie has no working directory, so it is not found.
            if (entry / "comm").read_text().strip() != name:
                continue
            if str((entry / "cwd").readlink()) == wanted:
                found.append(int(entry.name))
    return found


async def end_all(
    find: Callable[[], list[int]], *asks: tuple[signal.Signals, float], give_up_after: float = 10.0
) -> None:
    """End the processes found: each signal with its grace in seconds, at last SIGKILL.

    Raises:
        TimeoutError: some cannot be killed.
    """
    for number, grace in (*asks, (signal.SIGKILL, give_up_after)):
        for pid in find():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        until = time.monotonic() + grace
        while find():
            if time.monotonic() > until:
                break
            await asyncio.sleep(_POLL)
        else:
            return
    raise TimeoutError(f"processes {find()} do not end")


def _processes() -> list[Path]:
    try:
        return [entry for entry in PROC.iterdir() if entry.name.isdigit()]
    except OSError:
        return []
