"""Real processes of an arm: started, frozen while others are measured, weighed, ended."""

import os
import signal
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from app.embedded.environment import for_python, python_module
from app.embedded.processes import Child, tail

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds_of_tree(root: int, also: Set[int] = frozenset()) -> Iterator[float]:
    """What a process, its children, those that it has waited for, and others have used so far."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pid, parent = int(folder.name), int(fields[1])
        own, waited_for = fields[11:13], fields[13:15]
        if pid == root:
            yield sum(map(int, own + waited_for)) / _TICKS
        elif parent == root or pid in also:
            yield sum(map(int, own)) / _TICKS


class Process:
    """One child with a log of its own; it dies with the benchmark."""

    def __init__(self, *module: str, settings: Mapping[str, str], log: Path) -> None:
        self._log = log
        self._child = Child.spawn(
            python_module(*module),
            log=log,
            env=for_python({**os.environ, **settings}),
            cwd=log.parent,
        )

    @property
    def pid(self) -> int:
        return self._child.pid

    def require_alive(self) -> None:
        if self._child.poll() is not None:
            raise RuntimeError(f"a process has ended:\n{tail(self._log)}")

    def freeze(self) -> None:
        """Let it use no processor until it is thawed."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def resident_bytes(self) -> int:
        """The memory it occupies, as the kernel counts it."""
        return self._status("VmRSS:")

    def peak_bytes(self) -> int:
        """The most memory that it has occupied since it was started."""
        return self._status("VmHWM:")

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the kernel does not tell")

    async def end(self) -> None:
        """Ask it to end, then make it."""
        if self._child.poll() is None:
            self.thaw()
            await self._child.end(signal.SIGTERM, grace=5.0)
        await self._child.kill()

    def _signal(self, number: signal.Signals) -> None:
        self.require_alive()
        os.kill(self.pid, number)
