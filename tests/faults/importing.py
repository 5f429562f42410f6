"""Files of rows that the faults share: rows good and bad, sent at once, and how far they are."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg

from tests.faults.ground import Ground
from tests.faults.ledger import Json, Ledger
from tests.faults.processes import until
from tests.faults.senders import a_client, a_door, define, items

QUICK = {
    "PENSTOCK_SANDBOX": "true",
    "PENSTOCK_SCORING__LEASE": "PT1S",
    "PENSTOCK_IMPORTS__CHUNK_ROWS": "50",
}
# Where nobody dies, nobody is to be taken for dead: what is slow renews in time.
CALM = {name: value for name, value in QUICK.items() if name != "PENSTOCK_SCORING__LEASE"}
# Of each hundred rows, one names no campaign and one nobody.
_BAD_OF_100 = 2
_PROGRESS = "SELECT coalesce(sum(done), 0) FROM import_chunks"
_HELD_UP = (
    """
    CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$
    """,
    """
    CREATE TRIGGER hold_up BEFORE INSERT ON responses FOR EACH ROW
        WHEN (NEW.external_id IN ({rows})) EXECUTE FUNCTION hold_up()
    """,
)
_STANDINGS = """
SELECT state, total, succeeded, failed, skipped, unprocessed, error_code FROM runs
 WHERE kind = 'import' ORDER BY id
"""


class Standing(NamedTuple):
    """How an import stands."""

    state: str
    total: int | None
    succeeded: int | None
    failed: int | None
    skipped: int | None
    unprocessed: int | None
    error_code: str | None


def rows(how_many: int, *campaigns: str, note: str = "") -> list[Json]:
    """Rows in turn for these campaigns, two a person; of each hundred two are bad.

    Args:
        note: an attribute of every row, to make the file larger.
    """
    made = []
    for number, row in enumerate(items(how_many, people=max(1, how_many // 2))):
        row["campaign"] = campaigns[number % len(campaigns)]
        if number % 100 == 33:
            row["campaign"] = "nowhere"
        if number % 100 == 66:
            row["person"] = {"email": "nobody"}
        made.append(row | ({"attributes.note": note} if note else {}))
    return made


def bad(how_many: int) -> int:
    """How many of so many rows fail; of whole hundreds."""
    return how_many // 100 * _BAD_OF_100


async def send(ground: Ground, *files: Sequence[Json], **settings: str) -> Ledger:
    """Campaigns for these files, and their imports, queued; the API is gone again."""
    ledger = Ledger()
    async with a_door(ground, **QUICK, **settings) as door:
        client = a_client(ground, ledger, door)
        await define(client, *sorted({r["campaign"] for f in files for r in f} - {"nowhere"}))
        for number, file in enumerate(files):
            await client.file(file, key=f"file {number}")
        await client.leave()
    return ledger


async def until_done(ground: Ground, how_many: int) -> None:
    """Wait until so many rows have their end."""
    await until_count(ground, _PROGRESS, lambda done: done >= how_many)


async def until_count(ground: Ground, sql: str, holds: Callable[[int], bool]) -> None:
    """Wait until a count is as wanted."""

    async def is_so() -> bool:
        return holds(await ground.count(sql))

    await until(is_so)


@asynccontextmanager
async def held_up(ground: Ground, *rows: Json) -> AsyncIterator[None]:
    """While the block lasts, nobody can take in these rows, so their imports are not over.

    Who tries waits for a lock, gives up, and tries again.
    """
    listed = ", ".join(f"'{row['external_id']}'" for row in rows)
    for statement in _HELD_UP:
        await ground.fetch(statement.format(rows=listed))
    holder = await asyncpg.connect(ground.database_url)
    try:
        await holder.execute("SELECT pg_advisory_lock(4711)")
        yield
    finally:
        holder.terminate()


async def left(ground: Ground) -> int:
    """Chunks to be done."""
    return await ground.count("SELECT count(*) FROM pending_imports")


async def standings(ground: Ground) -> list[Standing]:
    """Of every import, in the order they came."""
    return [Standing(*row) for row in await ground.fetch(_STANDINGS)]


def whole(how_many: int, *, failed: int | None = None) -> Standing:
    """Of an import whose rows all have their end."""
    lost = bad(how_many) if failed is None else failed
    return Standing("succeeded_with_warnings", how_many, how_many - lost, lost, 0, 0, None)
