"""Making jobs out of a few lines, running them, and looking at what came of it."""

import asyncio
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.core.settings import Code
from workers.sandbox.bubblewrap import Bubblewrap
from workers.sandbox.channel import EmailRequest
from workers.sandbox.leash import Leash
from workers.sandbox.lines import Level, LogLine
from workers.sandbox.order import MIB, Event, Limits, Order
from workers.sandbox.outcome import Outcome

GRACE = timedelta(seconds=0.3)
# Small, so that whoever fills them is done soon.
SMALL = Limits(
    memory_bytes=128 * MIB,
    cpu_seconds=20,
    processes=24,
    file_bytes=16 * MIB,
    tmp_bytes=8 * MIB,
    output_bytes=4 * MIB,
    files=2_000,
    log_bytes=MIB,
)


@dataclass
class Ran:
    """One run, as its customer sees it."""

    outcome: Outcome
    lines: list[LogLine] = field(default_factory=list)
    emails: list[EmailRequest] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    def at(self, level: Level) -> list[str]:
        return [line.text for line in self.lines if line.level is level]


@dataclass
class Jobs:
    """Where a test's jobs are, and what runs them."""

    folder: Path
    driver: Bubblewrap

    def code(self, source: str, *, place: str = "main.py", **others: str) -> Path:
        """An unpacked upload; `others` are files beside `main.py`, `__` for the dot."""
        folder = self.folder / f"code-{len(list(self.folder.iterdir()))}"
        main = folder / place
        main.parent.mkdir(parents=True)
        main.write_text(textwrap.dedent(source))
        for name, content in others.items():
            (folder / name.replace("__", ".")).write_text(textwrap.dedent(content))
        return folder

    def order(self, source: str | Path, *, seconds: float = 50, **told: Any) -> Order:
        code = source if isinstance(source, Path) else self.code(source)
        told = {"limits": SMALL} | told
        body = told.pop("body", None)
        event = told.pop("event", Event(body=body, job_name="nightly", job_instance_id="run-1"))
        return Order(code=code, deadline=timedelta(seconds=seconds), event=event, **told)

    async def run(
        self,
        source: str | Path,
        *,
        is_cancelled: asyncio.Event | None = None,
        on_line: Callable[[LogLine], None] | None = None,
        leash: Leash | None = None,
        **told: Any,
    ) -> Ran:
        lines: list[LogLine] = []
        emails: list[EmailRequest] = []

        def heard(line: LogLine) -> None:
            lines.append(line)
            if on_line is not None:
                on_line(line)

        outcome = await self.driver.run(
            self.order(source, **told),
            on_line=heard,
            on_email=emails.append,
            is_cancelled=is_cancelled,
            leash=leash,
        )
        return Ran(outcome, lines, emails)

    async def value(self, source: str | Path, **told: Any) -> Any:
        """What `main` returned; the test fails if it did not return."""
        ran = await self.run(source, **told)
        assert ran.outcome.ended == "returned", (ran.outcome, ran.texts)
        return ran.outcome.value


def a_driver(scratch: Path, **settings: Any) -> Bubblewrap:
    forwarder = settings.pop("forwarder", None)
    return Bubblewrap(Code(**{"scratch": str(scratch), "grace": GRACE, **settings}), forwarder)
