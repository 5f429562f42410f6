"""Following a run: what has come since, again and again, until it has ended.

    look ──▶ lines behind the last one ──▶ the run, if it is not as it was shown ──▶ pause ─┐
     ▲        └─────── an event's id says both: how far the log, which face of the run ─────┘
     └──────────────────────────────────────────────────────────────────────────────────────┘

The run is read before its log: whoever is shown its end has been shown every line. Log chunks of a
run have one writer at a time, each under the run's token, so their numbers are in the order of
their commits and a cursor over them misses nothing. No connection is held during a pause.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.control.showing import read
from app.core.errors import Invalid
from app.core.resources import Resources
from app.models.states import RunState
from app.runs.logs.queries import Numbered, read_lines
from app.runs.logs.schemas import LogLineRead

_AT_ONCE = 500
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.25, 2.0
_LONGER = 1.3
_STOPPING_SECONDS = 0.25
_STILL_HERE_SECONDS = 15.0
_STILL_HERE = ": still here\n\n"
_ID = re.compile(r"([0-9]{1,18})-([0-9a-f]{12}|0)", re.ASCII)
_OPEN = (RunState.QUEUED, RunState.RUNNING)


class BadEventId(Invalid):
    """Last-Event-ID is not one of an event of this stream."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has read: the last line, and what they know of the run."""

    line: int = 0
    face: str = "0"

    @classmethod
    def of(cls, event_id: str | None) -> "Place":
        """Raises BadEventId."""
        if not event_id:
            return cls()
        found = _ID.fullmatch(event_id)
        if found is None:
            raise BadEventId
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.line}-{self.face}"


async def follow(
    resources: Resources, account_id: UUID, run_id: UUID, place: Place
) -> AsyncIterator[str]:
    """The events of a run from a place on, as they are sent.

    Ends with the run, when the process stops, or when a stream has lasted as long as it may: the
    reader comes again and misses nothing.
    """
    end = time.monotonic() + resources.settings.http.stream_timeout.total_seconds()
    pause, spoke_at = _SHORTEST_SECONDS, time.monotonic()
    while True:
        events, place, is_over = await _since(resources, account_id, run_id, place)
        for event in events:
            yield event
        if is_over:
            return
        if events:
            pause, spoke_at = _SHORTEST_SECONDS, time.monotonic()
        elif time.monotonic() - spoke_at >= _STILL_HERE_SECONDS:
            spoke_at = time.monotonic()
            yield _STILL_HERE
        else:
            pause = min(pause * _LONGER, _LONGEST_SECONDS)
        if not await _rested(resources, min(pause, end - time.monotonic())):
            return


async def _since(
    resources: Resources, account_id: UUID, run_id: UUID, place: Place
) -> tuple[list[str], Place, bool]:
    """What is new, the place behind it, and whether nothing more will come."""
    async with resources.unit_of_work(account_id) as session:
        run = await read(session, account_id, run_id)
        lines = await read_lines(session, account_id, run_id, after=place.line, most=_AT_ONCE)
    events = list(_log_events(lines, place))
    if lines:
        place = Place(lines[-1].number, place.face)
    if len(lines) == _AT_ONCE:
        return events, place, False
    told = run.model_dump_json()
    face = hashlib.sha256(told.encode()).hexdigest()[:12]
    if face != place.face:
        place = Place(place.line, face)
        events.append(_event("run", place, told))
    return events, place, run.state not in _OPEN


def _log_events(lines: Sequence[Numbered], place: Place) -> Iterator[str]:
    for line in lines:
        told = LogLineRead.of(line).model_dump_json()
        yield _event("log", Place(line.number, place.face), told)


def _event(name: str, place: Place, data: str) -> str:
    # JSON has no line breaks of its own, so it is one line of data.
    return f"id: {place}\nevent: {name}\ndata: {data}\n\n"


async def _rested(resources: Resources, seconds: float) -> bool:
    """Wait; False if the process is stopping, or there was no time left."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        await asyncio.sleep(min(left, _STOPPING_SECONDS))
        if resources.is_stopping:
            return False
    return seconds > 0
