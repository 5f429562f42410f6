"""Runs as the API shows them, and how a command says what came of one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel

_GOES_ON = {"queued", "running"}
_WENT_WELL = {"succeeded", "succeeded_with_warnings"}

ALL_DONE, DID_NOT_HAPPEN, SOME_ROWS_FAILED, INTERRUPTED = 0, 1, 3, 130


class Progress(BaseModel):
    """How fast a run is, and how long it will still take."""

    phase: str | None = None
    rows_per_second: float | None = None
    remaining_seconds: float | None = None


class Trouble(BaseModel):
    """Why it failed."""

    code: str
    detail: str


class Run(BaseModel):
    """One execution; what this command has no use for is left out."""

    id: str
    kind: str
    state: str
    upload_id: str | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    total: int | None = None
    processed: int | None = None
    succeeded: int | None = None
    failed: int | None = None
    skipped: int | None = None
    unprocessed: int | None = None
    created: int | None = None
    updated: int | None = None
    progress: Progress | None = None
    error: Trouble | None = None

    @property
    def has_ended(self) -> bool:
        return self.state not in _GOES_ON

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it has not ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class RunPage(BaseModel):
    """One page of runs, as they came."""

    items: list[dict[str, Any]]
    next_cursor: str | None = None


OnRun = Callable[[Run], None]


def exit_status(run: Run) -> int:
    """0: every row succeeded or was skipped; 3: it ended, but some did not; 1: it failed."""
    if run.state not in _WENT_WELL:
        return DID_NOT_HAPPEN
    return SOME_ROWS_FAILED if run.failed or run.unprocessed else ALL_DONE


def summary(run: Run, *, url: str) -> list[str]:
    """What came of it, line by line."""
    lines = [f"{run.kind} {run.id}: {run.state.replace('_', ' ')}"]
    if run.error:
        lines.append(f"  {run.error.code}: {run.error.detail}")
    lines += [
        f"  {name:<12}{count:>14,}{_of_them(run) if name == 'succeeded' else ''}"
        for name in ("total", "succeeded", "skipped", "failed", "unprocessed")
        if (count := getattr(run, name)) is not None
    ]
    if (seconds := run.seconds) is not None:
        done = run.processed if run.processed is not None else run.total
        rate = f", {done / seconds:,.0f} rows/s" if done and seconds > 0 else ""
        lines.append(f"  {seconds:.1f} s{rate}")
    lines += [
        f"  {name} rows: {url}/v1/uploads/{run.upload_id}/{name}"
        for name in ("failed", "unprocessed")
        if run.upload_id and getattr(run, name)
    ]
    return lines


def _of_them(run: Run) -> str:
    parts = [(run.created, "created"), (run.updated, "updated")]
    shown = [f"{count:,} {word}" for count, word in parts if count is not None]
    return f"  ({', '.join(shown)})" if shown else ""
