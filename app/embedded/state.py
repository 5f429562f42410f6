"""`stack.json`: what runs on a data directory, for people, commands and tests.

It appears once the database is migrated, follows every restart, and goes with a clean stop.
"""

import json
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.embedded import proc
from app.embedded.datadir import write_private


@dataclass(frozen=True, slots=True)
class StackState:
    """A running stack; `pid` is its supervisor, `pids` its children by name."""

    pid: int
    url: str
    database_url: str
    redis_url: str
    pids: dict[str, int] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        starts = {name: proc.started_at(pid) for name, pid in self.pids.items()}
        write_private(path, {**asdict(self), "started_ticks": starts})


def find_state(path: Path, *, of_pid: int | None = None) -> StackState | None:
    """The stack's state; None if there is none, or it is that of another supervisor."""
    content = _read(path)
    content.pop("started_ticks", None)
    try:
        state = StackState(**content)
    except TypeError:
        return None
    return state if of_pid in (None, state.pid) else None


async def end_leftovers(path: Path) -> None:
    """End what a killed stack left running; its holder is known to be gone.

    On Linux the children die with their supervisor, but one that drains may still hold the port.
    """
    content = _read(path)
    pids: dict[str, int] = content.get("pids", {})
    starts: dict[str, int | None] = content.get("started_ticks", {})

    def alive() -> list[int]:
        return [
            pid
            for name, pid in pids.items()
            # PostgreSQL sees to its own leftovers, which are more than one process.
            if name != "postgres"
            and starts.get(name) is not None
            and proc.started_at(pid) == starts[name]
        ]

    await proc.end_all(alive, (signal.SIGTERM, 3.0))
    forget(path)


def forget(path: Path) -> None:
    """The stack is down."""
    path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
