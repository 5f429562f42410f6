"""Rows of files: as they are sent, and what became of each, by the tables.

rows ─▶ CSV ─▶ POST /v1/imports ─▶ chunks: row number, cells, one result or none
                                       └─▶ held against what was sent, and against the records
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from app.imports.packing import RowOutcome, RowResult, unpack_results, unpack_rows
from tests.faults.ledger import Json, Ledger, Place, Sent, SentFile

_NEW = (RowOutcome.CREATED, RowOutcome.REPEAT)
# No fault may be laid on a row that is none of its own.
_NOBODYS = ("internal_error", "refused_by_database")
_CHUNKS = """
SELECT u.id::text AS upload_id, r.total IS NOT NULL AS is_read, c.* FROM import_chunks c
  JOIN runs r ON r.account_id = c.account_id AND r.id = c.run_id
  JOIN uploads u ON u.account_id = r.account_id AND u.id = r.subject_id
 ORDER BY c.account_id, c.run_id, c.number
"""
_RECORDS = """
SELECT id FROM responses WHERE id = ANY($1) UNION ALL SELECT id FROM people WHERE id = ANY($1)
"""


class End(NamedTuple):
    """What became of a row; no result: never attempted."""

    number: int
    cells: list[str]
    result: RowResult | None


def csv_of(rows: Sequence[Json]) -> tuple[list[str], list[list[str]]]:
    """The header and the lines' cells; a person's fields are columns of their own."""
    flat = [
        {name: value for name, value in row.items() if name != "person"} | row["person"]
        for row in rows
    ]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    return columns, [[str(row.get(name, "")) for name in columns] for row in flat]


async def ends(database_url: str, upload_id: str) -> list[End]:
    """Every row of an upload, in the order of its file."""
    connection = await asyncpg.connect(database_url)
    try:
        return await _ends_of(connection, upload_id)
    finally:
        await connection.close()


async def _ends_of(connection: asyncpg.Connection, upload_id: str) -> list[End]:
    chunks = await connection.fetch(_CHUNKS)
    found = [end for chunk in chunks if chunk["upload_id"] == upload_id for end in _ends(chunk)]
    return sorted(found, key=lambda end: end.number)


async def misdone(connection: asyncpg.Connection, ledger: Ledger) -> list[str]:
    """Where the rows of files, their results and their records do not agree."""
    chunks = await connection.fetch(_CHUNKS)
    breaches: list[str] = []
    by_upload: dict[str, list[End]] = defaultdict(list)
    for chunk in chunks:
        mine = _ends(chunk)
        by_upload[chunk["upload_id"]] += mine
        breaches += _miscounted(chunk, mine)
    results = [end.result for rows in by_upload.values() for end in rows if end.result is not None]
    breaches += sorted({f"{r.reason}: {r.detail}" for r in results if r.reason in _NOBODYS})
    new = [result.subject_id for result in results if result.outcome in _NEW]
    twice = [subject for subject, n in Counter(new).items() if n > 1]
    if twice:
        breaches.append(f"made by two rows: {twice}")
    there = {row["id"] for row in await connection.fetch(_RECORDS, new)}
    if set(new) - there:
        breaches.append(f"rows that made nothing: {set(new) - there}")
    for file in ledger.files:
        is_read = any(c["is_read"] for c in chunks if c["upload_id"] == file.upload_id)
        breaches += _not_as_sent(file, by_upload[file.upload_id], is_read=is_read)
    return breaches


async def take_down(connection: asyncpg.Connection, ledger: Ledger) -> None:
    """Write down what the senders of files were told of their rows, as of single items."""
    for file in ledger.files:
        mark = file.columns.index("external_id")
        for end in await _ends_of(connection, file.upload_id):
            if end.result is None or end.result.subject_id is None:
                continue
            place = Place(file.account, file.user, end.cells[mark])
            sent = ledger.sent.setdefault(place, Sent({"external_id": place.mark}))
            sent.told.append({"id": str(end.result.subject_id)})


def _ends(chunk: asyncpg.Record) -> list[End]:
    rows, results = unpack_rows(chunk["payload"]), unpack_results(chunk["results"])
    return [
        End(number, rows.cells[at], results[at] if at < len(results) else None)
        for at, number in enumerate(rows.numbers)
    ]


def _miscounted(chunk: asyncpg.Record, ends: list[End]) -> list[str]:
    found = Counter(end.result.outcome for end in ends if end.result is not None)
    new = sum(found[outcome] for outcome in _NEW)
    counted = {
        "rows": len(ends),
        "done": found.total(),
        "succeeded": new + found[RowOutcome.UPDATED],
        "failed": found[RowOutcome.FAILED],
        "skipped": found[RowOutcome.DUPLICATE] + found[RowOutcome.SKIPPED],
        "created": new,
        "updated": found[RowOutcome.UPDATED],
    }
    kept = {name: chunk[name] for name in counted}
    if kept == counted:
        return []
    return [f"chunk {chunk['number']} of {chunk['run_id']} has {counted}, says {kept}"]


def _not_as_sent(file: SentFile, ends: list[End], *, is_read: bool) -> list[str]:
    """Each row has one place, with the cells that were sent; all of them once the file was read."""
    kept = {end.number: end.cells for end in ends}
    sent = dict(enumerate(file.rows, 1))
    is_once = len(ends) == len(kept)
    is_as_sent = all(sent.get(number) == cells for number, cells in kept.items())
    if is_once and is_as_sent and (len(kept) == len(sent) or not is_read):
        return []
    return [f"upload {file.upload_id}: {len(sent)} rows sent, {len(ends)} kept, or others"]
