"""One chunk of a lane, one transaction: its rows, their results, and what is left of it.

    the lane held, its first chunk ─▶ rows taken in ─▶ results kept ─▶ chunk gone, if done

Results are appended as rows are done, so a chunk may be done in portions: where its data will not
go in, ever fewer rows at a time; where a worker died of it, row by row.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.statements import Parts
from app.imports.columns.parsed import Parsed
from app.imports.packing import (
    RowOutcome,
    RowResult,
    Rows,
    pack_results,
    unpack_results,
    unpack_rows,
)
from app.imports.rows.faults import failed, failed_by, placed
from app.imports.rows.participants import take_participants
from app.imports.rows.people import take_people
from app.imports.rows.responses import take_responses
from app.imports.terms import Terms, terms_of
from app.models.states import UploadObject
from app.responses.intake.transaction import Redo
from app.responses.lanes.lease import HOLD, Lease, LeaseLost

_TAKE = f"""
WITH held AS ({HOLD})
SELECT p.run_id, p.number, p.deaths, c.payload, c.results
  FROM held
  LEFT JOIN LATERAL (
       SELECT * FROM pending_imports WHERE account_id = $1 AND lane_id = $2
        ORDER BY account_id, lane_id, run_id, number LIMIT 1 FOR UPDATE SKIP LOCKED) p ON true
  LEFT JOIN LATERAL (
       SELECT payload, results FROM import_chunks
        WHERE account_id = $1 AND run_id = p.run_id AND number = p.number OFFSET 0) c ON true
"""
_FAILURES = """
SELECT coalesce(sum(failed), 0) FROM import_chunks WHERE account_id = $1 AND run_id = $2
"""
_KEEP = """
UPDATE import_chunks SET results = $4, done = $5, succeeded = $6, failed = $7, skipped = $8,
       created = $9, updated = $10
 WHERE account_id = $1 AND run_id = $2 AND number = $3
RETURNING 1"""
_DONE = """
DELETE FROM pending_imports
 WHERE account_id = $1 AND lane_id = $2 AND run_id = $3 AND number = $4
RETURNING 1"""
# A row was passed: the next one has its own three lives.
_ALIVE = """
UPDATE pending_imports SET deaths = 1
 WHERE account_id = $1 AND lane_id = $2 AND run_id = $3 AND number = $4 AND deaths > 1
RETURNING 1"""
_DIED = """
UPDATE pending_imports SET deaths = deaths + 1
 WHERE (account_id, lane_id, run_id, number) IN (
       SELECT account_id, lane_id, run_id, number FROM pending_imports
        WHERE account_id = $1 AND lane_id = $2
        ORDER BY account_id, lane_id, run_id, number LIMIT 1)
"""
LIVES = 3
_FAILED = RowOutcome.FAILED
_CRASHED = "workers died when they took this row in"
_REFUSED = "the database refuses this row"
_BAFFLING = "this row went wrong on our side; it has been logged"
UNFORESEEN = "unforeseen"


@dataclass(frozen=True, slots=True)
class Portion:
    """The rows of a chunk that one transaction takes."""

    account_id: UUID
    lane_id: UUID
    run_id: UUID
    number: int
    rows: Rows
    before: list[RowResult]
    most: int
    deaths: int

    @property
    def place(self) -> tuple[UUID, int, int]:
        """Where its first row is: run, chunk, position."""
        return (self.run_id, self.number, self.start)

    @property
    def start(self) -> int:
        return len(self.before)

    @property
    def end(self) -> int:
        return min(len(self.rows), self.start + self.most)


@dataclass(frozen=True, slots=True)
class Poison:
    """A row that cannot be taken in: PostgreSQL's code for why, or UNFORESEEN, and where it is."""

    code: str
    place: tuple[UUID, int, int]


@dataclass(frozen=True, slots=True)
class Done:
    """What a transaction has done; `is_stopped` if the run has seen as many failures as it may."""

    run_id: UUID
    rows: int
    is_stopped: bool = False


async def note_death(session: Transaction, account_id: UUID, lane_id: UUID) -> None:
    """Count one more worker that died at the lane's first row."""
    await (await driver_of(session)).execute(_DIED, account_id, lane_id)


async def find_portion(
    session: Transaction, lease: Lease, *, by: timedelta, most: int
) -> Portion | None:
    """The lane's next rows, locked; None if there are none. Holds the lane `by` longer.

    Args:
        most: so many rows at most; fewer after a death.

    Raises:
        LeaseLost: the token is not the lane's any more.
    """
    driver = await driver_of(session)
    place = (lease.account_id, lease.campaign_id)
    row = await driver.fetchrow(_TAKE, *place, lease.token, by)
    if row is None:
        raise LeaseLost
    if row["run_id"] is None:
        return None
    return Portion(
        *place,
        row["run_id"],
        row["number"],
        unpack_rows(row["payload"]),
        unpack_results(row["results"]),
        1 if row["deaths"] else most,
        row["deaths"],
    )


async def take_portion(session: Transaction, portion: Portion, *, poison: Poison | None) -> Done:
    """Take the portion's rows in and keep their results.

    Args:
        poison: what was found of a row; if that is the portion's only one, it is not tried again.

    Raises:
        Redo: another transaction was first; roll back and call again.
        TooManyFailures: roll back and take only as many rows.
    """
    terms = await terms_of(session, portion.account_id, portion.run_id)
    left = await _failures_left(session, terms, portion)
    if left is not None and left <= 0:
        return Done(portion.run_id, 0, is_stopped=True)
    last = Parts()
    if poison is not None and poison.place == portion.place and portion.end - portion.start == 1:
        results = [_poisonous(portion, poison.code)]
    elif portion.deaths >= LIVES:
        results = [failed("worker_died", None, f"{_line(portion)}: {_CRASHED}")]
    else:
        results = await _results(session, terms, portion, last)
    failures = [at for at, result in enumerate(results) if result.outcome is _FAILED]
    if left is not None and len(failures) >= left and failures[left - 1] + 1 < len(results):
        raise TooManyFailures(failures[left - 1] + 1)
    _keep(last, portion, results)
    if not await last.write(await driver_of(session)):
        raise Redo
    return Done(portion.run_id, len(results), is_stopped=left is not None and len(failures) >= left)


async def _failures_left(session: Transaction, terms: Terms, portion: Portion) -> int | None:
    """How many more rows may fail before the run is stopped; None if any number may."""
    if terms.stop_after is None:
        return None
    driver = await driver_of(session)
    failures: int = await driver.fetchval(_FAILURES, portion.account_id, portion.run_id)
    return terms.stop_after - failures


class TooManyFailures(Exception):
    """The failure to stop after lies before the end of the portion; `rows` reach up to it."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows


async def _results(
    session: Transaction, terms: Terms, portion: Portion, last: Parts
) -> list[RowResult]:
    """One result for each row: unreadable and senseless ones here, the others by their object."""
    rows = portion.rows
    results: dict[int, RowResult] = {}
    readable: dict[int, list[str]] = {}
    for at in range(portion.start, portion.end):
        fault = rows.faults.get(at)
        if fault is not None:
            results[at] = failed(*fault)
        else:
            readable[at] = rows.cells[at]
    parsed: Parsed[Any] = terms.plan.parse(readable)
    for item in parsed.invalid:
        results[item.index] = failed_by(terms, rows.lines[item.index], item.faults)
    if parsed.items:
        taken = await _take(session, terms, portion, parsed, last)
        for item, result in zip(parsed.items, taken, strict=True):
            results[item.index] = placed(result, rows.lines[item.index])
    return [results[at] for at in range(portion.start, portion.end)]


async def _take(
    session: Transaction, terms: Terms, portion: Portion, parsed: Parsed[Any], last: Parts
) -> list[RowResult]:
    account_id = portion.account_id
    if terms.object is UploadObject.PEOPLE:
        return await take_people(session, account_id, terms, parsed.items)
    if terms.object is UploadObject.PARTICIPANTS:
        return await take_participants(session, account_id, terms, parsed.items)
    return await take_responses(session, account_id, portion.run_id, terms, parsed, last=last)


def _keep(last: Parts, portion: Portion, results: list[RowResult]) -> None:
    everything = portion.before + results
    counts = Counter([result.outcome for result in everything])
    place = (portion.account_id, portion.lane_id, portion.run_id, portion.number)
    created = counts[RowOutcome.CREATED] + counts[RowOutcome.REPEAT]
    last.add(
        "kept",
        _KEEP,
        *(portion.account_id, portion.run_id, portion.number),
        pack_results(everything),
        len(everything),
        created + counts[RowOutcome.UPDATED],
        counts[_FAILED],
        counts[RowOutcome.DUPLICATE] + counts[RowOutcome.SKIPPED],
        created,
        counts[RowOutcome.UPDATED],
    )
    if len(everything) >= len(portion.rows):
        last.add("done", _DONE, *place)
    elif portion.deaths > 1:
        last.add("alive", _ALIVE, *place)


def _poisonous(portion: Portion, poison: str) -> RowResult:
    if poison == UNFORESEEN:
        return failed("internal_error", None, f"{_line(portion)}: {_BAFFLING}")
    return failed("refused_by_database", None, f"{_line(portion)}: {_REFUSED} ({poison})")


def _line(portion: Portion) -> str:
    return f"line {portion.rows.lines[portion.start]}"
