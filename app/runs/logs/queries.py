"""The SQL of logs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.runs.logs.packing import Level, Line, Packed, unpack

KEPT = timedelta(days=30)
_PORTION_CHUNKS = 500
# Chunks read at once: however small a page, no more than this is unpacked for it.
_AT_ONCE = 4

_ADD = """
INSERT INTO run_log_chunks (account_id, run_id, first_line, lines, levels, size_bytes, payload,
                            written_at)
SELECT $1, $2, coalesce(max(first_line + lines), 1), $3, $4, $5, $6, business_now()
  FROM (SELECT first_line, lines FROM run_log_chunks WHERE account_id = $1 AND run_id = $2
         ORDER BY first_line DESC LIMIT 1) last
"""
_USED = """
SELECT coalesce(sum(size_bytes), 0)::bigint FROM run_log_chunks
 WHERE account_id = $1 AND run_id = $2
"""
# The chunk that holds the line, and those behind it.
_READ = """
SELECT first_line, payload FROM run_log_chunks
 WHERE account_id = $1 AND run_id = $2 AND first_line + lines > $3 AND first_line >= coalesce((
       SELECT max(first_line) FROM run_log_chunks
        WHERE account_id = $1 AND run_id = $2 AND first_line <= $3), 0)
   AND levels & $4::int <> 0
 ORDER BY first_line LIMIT $5
"""
_FORGET = """
DELETE FROM run_log_chunks WHERE account_id = $1 AND (run_id, first_line) IN (
    SELECT run_id, first_line FROM (
        SELECT run_id, first_line, written_at FROM run_log_chunks
         WHERE account_id = $1 ORDER BY run_id, first_line LIMIT $3) c
     WHERE written_at < $2)
"""


class Numbered(NamedTuple):
    """A line and its number in the log of its run, from 1."""

    number: int
    line: Line


async def add_chunk(session: Transaction, account_id: UUID, run_id: UUID, packed: Packed) -> None:
    """Append lines; the caller holds the run's place in the queue, so there is one at a time."""
    driver = await driver_of(session)
    given = (packed.lines, packed.levels, packed.size_bytes, packed.payload)
    await driver.execute(_ADD, account_id, run_id, *given)


async def used_bytes(session: Transaction, account_id: UUID, run_id: UUID) -> int:
    """What the log has used up of its room, by all attempts."""
    found: int = await (await driver_of(session)).fetchval(_USED, account_id, run_id)
    return found


async def read_lines(
    session: Transaction,
    account_id: UUID,
    run_id: UUID,
    *,
    after: int,
    most: int,
    level: Level = Level.DEBUG,
) -> Sequence[Numbered]:
    """Lines of this level and above behind the one with this number, at most so many."""
    driver = await driver_of(session)
    found: list[Numbered] = []
    place = after + 1
    while len(found) < most:
        rows = await driver.fetch(_READ, account_id, run_id, place, level.and_above, _AT_ONCE)
        for row in rows:
            for number, line in enumerate(unpack(row["payload"]), row["first_line"]):
                if number >= place and line.level.bit & level.and_above:
                    found.append(Numbered(number, line))
            place = max(place, number + 1)
        if len(rows) < _AT_ONCE:
            break
    return found[:most]


async def forget(session: Transaction, account_id: UUID, *, now: datetime) -> int:
    """Delete a portion of the lines that are older than a month; returns how many chunks."""
    driver = await driver_of(session)
    done = await driver.execute(_FORGET, account_id, now - KEPT, _PORTION_CHUNKS)
    return int(done.rpartition(" ")[2])
