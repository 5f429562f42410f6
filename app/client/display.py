"""What a person sees meanwhile: bars on a terminal, now and then a line elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from app.client.ledger import OnRun, Run

OnBytes = Callable[[int], None]
_BETWEEN_LINES = 5.0  # seconds


class Display(Protocol):
    """Where a command says how far it is."""

    def tell(self, line: str) -> None:
        """Say one thing, above any bar."""
        ...

    def sending(self, size_bytes: int) -> contextlib.AbstractContextManager[OnBytes]:
        """While bytes are sent: call with how many are there."""
        ...

    def running(self) -> contextlib.AbstractContextManager[OnRun]:
        """While a run is watched: call with how it stands."""
        ...


def display() -> Display:
    """The one that fits standard output."""
    return OnTerminal() if sys.stdout.isatty() else InLines()


class OnTerminal:
    """Bars that move."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False)

    def tell(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)

    @contextlib.contextmanager
    def sending(self, size_bytes: int) -> Iterator[OnBytes]:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as bars:
            bar = bars.add_task("sending", total=size_bytes)
            yield lambda kept: bars.update(bar, completed=kept)

    @contextlib.contextmanager
    def running(self) -> Iterator[OnRun]:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[so_far]}", markup=False),
        )
        with Progress(*columns, console=self._console) as bars:
            bar = bars.add_task("waiting", total=None, so_far="")

            def seen(run: Run) -> None:
                total = run.total if run.total or not run.has_ended else 1
                bars.update(
                    bar,
                    total=total,
                    completed=total if run.has_ended else run.processed or 0,
                    description=phase_of(run),
                    so_far=so_far(run),
                    # Each look is seen, however rarely the bars are drawn by themselves.
                    refresh=True,
                )

            yield seen


class InLines:
    """A line each five seconds, for logs."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def tell(self, line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    @contextlib.contextmanager
    def sending(self, size_bytes: int) -> Iterator[OnBytes]:
        began = time.monotonic()
        sent_before: int | None = None

        def seen(kept: int) -> None:
            nonlocal sent_before
            sent_before = kept if sent_before is None else sent_before
            if not self._is_time():
                return
            rate = (kept - sent_before) / max(time.monotonic() - began, 0.001)
            left = f", {_time((size_bytes - kept) / rate)} left" if rate > 0 else ""
            self.tell(f"sending: {kept:,} of {size_bytes:,} bytes, {rate / 1e6:.1f} MB/s{left}")

        yield seen

    @contextlib.contextmanager
    def running(self) -> Iterator[OnRun]:
        last = ""

        def seen(run: Run) -> None:
            nonlocal last
            if phase_of(run) != last or self._is_time():
                last = phase_of(run)
                self.tell(f"{last}: {so_far(run)}".removesuffix(": "))

        yield seen

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self._told_at < _BETWEEN_LINES:
            return False
        self._told_at = now
        return True


def phase_of(run: Run) -> str:
    """One word for what is being done."""
    has_phase = run.progress and run.progress.phase and not run.has_ended
    word = run.progress.phase if run.progress and has_phase else run.state
    return (word or run.state).replace("_", " ")


def so_far(run: Run) -> str:
    """Rows, rate, remaining time and what failed, as far as they are known."""
    parts = []
    if run.processed is not None:
        of_all = f" of {run.total:,}" if run.total is not None else ""
        parts.append(f"{run.processed:,}{of_all} rows")
    if run.progress and not run.has_ended:
        if run.progress.rows_per_second is not None:
            parts.append(f"{run.progress.rows_per_second:,.0f} rows/s")
        if run.progress.remaining_seconds is not None:
            parts.append(f"{_time(run.progress.remaining_seconds)} left")
    parts += [
        f"{count:,} {word}"
        for count, word in ((run.skipped, "skipped"), (run.failed, "failed"))
        if count
    ]
    return ", ".join(parts)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
