"""How a run of customers' code ended, and what it left.

code begins ─▶ main returns ─────────────────────────────────▶ returned
    │    └───▶ an exception, sys.exit(3), os._exit(3) ───────▶ raised
    │    └───▶ a limit or a signal ends it ──────────────────▶ killed
    │    └───▶ the deadline, then TERM, then KILL ───────────▶ timeout
    │    └───▶ asked to stop, then TERM, then KILL ──────────▶ cancelled
    │    └───▶ its worker was silent for too long, then KILL ▶ forsaken
    └ the sandbox ended before its code began ───────────────▶ lost
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from workers.sandbox.counts import Counts


class Ended(StrEnum):
    """The word for the end; only `returned` is a success."""

    RETURNED = "returned"
    RAISED = "raised"
    TIMEOUT = "timeout"
    KILLED = "killed"
    CANCELLED = "cancelled"
    FORSAKEN = "forsaken"
    LOST = "lost"


class Limit(StrEnum):
    """Which limit stood in the way."""

    MEMORY = "memory"
    CPU_SECONDS = "cpu_seconds"
    PROCESSES = "processes"
    OPEN_FILES = "open_files"
    FILE_SIZE = "file_size"
    SPACE = "space"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A regular file of `$OUTPUT_DIR`: its path below it, and its size."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """Something in `$OUTPUT_DIR` that is not kept, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt, from beginning to end. Variables' and secrets' values are masked in all of it,
    but for the names of files that are kept, by which they are found.

    Attributes:
        value: what `main` returned, None where that is no JSON or too much of it.
        counts: the same as counts, where it is counts.
        limit: the limit that ended it; with `raised`, the one its exception speaks of.
        error: a sentence or the last lines of the traceback; empty with `returned`.
        exit_code, signal: how the process ended, None where nobody saw it.
        warnings: what went on beside it and should be told: a log cut short, refused files,
            a value that is no JSON, counts that do not add up.
    """

    ended: Ended
    elapsed: timedelta
    value: Any = None
    counts: Counts | None = None
    limit: Limit | None = None
    error: str = ""
    exit_code: int | None = None
    signal: int | None = None
    files: tuple[LeftFile, ...] = ()
    refused: tuple[RefusedFile, ...] = ()
    warnings: tuple[str, ...] = ()
