"""How much a sandbox uses, all of its processes together, looked at four times a second.

The kernel's limits hold for one process; a family of them may have many times as much. Control
groups would count them together, but are not ours to make on every machine. So they are counted
here: first cheaply, with shared pages counted in each process; exactly, if that is too much.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workers.sandbox.order import Limits
from workers.sandbox.outcome import Limit

SECONDS = 0.25
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat behind the name: utime, stime, cutime, cstime.
_TIMES = slice(11, 15)


@dataclass(frozen=True, slots=True)
class Watch:
    """The sandbox of a process number: its first process, and the places that may be written to."""

    first: int
    places: Sequence[int]
    limits: Limits

    def exceeded(self) -> Limit | None:
        """The first limit that all processes together are above."""
        pids = list(_family(self.first))
        most = self.limits.memory_bytes
        # Sharing is not counted twice: a fork of a large process is cheap.
        if sum(map(_resident, pids)) > most and sum(map(_proportional, pids)) > most:
            return Limit.MEMORY
        if sum(map(_cpu_seconds, pids)) > self.limits.cpu_seconds:
            return Limit.CPU_SECONDS
        if sum(map(_files, self.places)) > self.limits.files:
            return Limit.FILES
        return None


def children(pid: int) -> list[int]:
    """The processes that a process has started; none if it is gone."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.scandir(f"/proc/{pid}/task"):
            found += map(int, _read(f"{thread.path}/children").split())
    return found


def _family(first: int) -> Iterator[int]:
    """A process and everything below it: who loses their parent becomes a child of the first."""
    waiting, seen = [first], {first}
    while waiting:
        pid = waiting.pop()
        yield pid
        below = [child for child in children(pid) if child not in seen]
        seen.update(below)
        waiting += below


def _resident(pid: int) -> int:
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * _PAGE if fields else 0


def _proportional(pid: int) -> int:
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return _resident(pid)


def _cpu_seconds(pid: int) -> float:
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return sum(map(int, fields[_TIMES])) / _TICKS


def _files(place: int) -> int:
    found = os.fstatvfs(place)
    return found.f_files - found.f_ffree


def _read(path: str) -> str:
    """Nothing, if the process is gone."""
    try:
        with open(path) as file:  # noqa: PTH123  # hundreds of times a second
            return file.read()
    except OSError:
        return ""
