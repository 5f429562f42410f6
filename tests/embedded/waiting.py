"""Waiting for conditions, never for time to pass."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import psutil

from tests import servers


async def until(condition: Callable[[], bool], *, seconds: float = 240.0) -> None:
    """Return as soon as the condition holds; fail if it does not within the given time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def descendants() -> set[int]:
    """All that this process has started, directly or not, but for the servers of the suite, whose
    own processes come and go.
    """
    found: set[int] = set()
    for child in psutil.Process().children():
        if child.pid not in servers.pids():
            with contextlib.suppress(psutil.NoSuchProcess):
                found |= {child.pid, *(one.pid for one in child.children(recursive=True))}
    return found
