"""Writing an export: read from one snapshot, spooled on the local disk, then kept in the store.

All rows come through one cursor, so all are as they stood when it was opened, whatever is changed
or added while it is read. Nobody waits for that: it takes no locks. The store may be far away, so
it is written to when the transaction is over. Memory holds one page.
"""

import asyncio
import gzip
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, TypeAlias, TypeVar, cast
from uuid import UUID

from app.core.driver import driver_of
from app.core.resources import Resources
from app.exports import lines
from app.exports.queries import KeptFile, Reading, reading_of
from app.exports.schemas import ExportCreate, ExportFormat

OnRows: TypeAlias = Callable[[int], Awaitable[None]]
Waited = TypeVar("Waited")

PAGE_ROWS = 2_000
_BLOCK_BYTES = 1024 * 1024
_GZIP_LEVEL = 3
_TELL_SECONDS = 1.0
# A filter that few rows pass lets a page take as long as the table is large.
_PATIENT = "SELECT set_config('statement_timeout', '600000', true)"
_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.NDJSON: "application/x-ndjson",
}
GZIP_MEDIA_TYPE = "application/gzip"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has left in the store, to be listed when its run ends."""

    files: Sequence[KeptFile]
    rows: int


async def write_export(
    resources: Resources,
    account_id: UUID,
    run_id: UUID,
    details: Mapping[str, Any],
    *,
    token: int,
    now: datetime,
    on_rows: OnRows,
) -> Exported:
    """Read what was ordered, as it stands now, and keep it as a file.

    Repeatable: each attempt has a folder of its own, and forgets those of the attempts before.

    Args:
        details: of the run, which keep the order.
        token: the number of this attempt, from 1.
        now: business time, for criteria like `within_last`.
        on_rows: told how many rows were read so far, at least once a second, whatever else is
            waited for; what it raises ends the export and leaves nothing.
    """
    wanted = ExportCreate.of_run(details)
    reading = reading_of(account_id, wanted, now=now)
    folder = f"runs/{account_id}/{run_id}"
    for earlier in range(1, token):
        await resources.files.delete_folder(f"{folder}/{earlier}")
    with tempfile.TemporaryFile() as spool:
        rows = await _read(resources, account_id, wanted, reading, spool, on_rows)
        name = f"{wanted.object}.{wanted.format}" + (".gz" if wanted.gzip else "")
        stored_as = f"{folder}/{token}/{name}"
        kept = resources.files.write(stored_as, _blocks(spool))
        size = await _meanwhile(kept, on_rows, rows)
    media_type = GZIP_MEDIA_TYPE if wanted.gzip else _MEDIA_TYPES[wanted.format]
    return Exported([KeptFile(name, media_type, size, stored_as)], rows)


async def _read(
    resources: Resources,
    account_id: UUID,
    wanted: ExportCreate,
    reading: Reading,
    spool: IO[bytes],
    on_rows: OnRows,
) -> int:
    """Spool every row; the spool is at its end afterwards."""
    total = 0
    with ExitStack() as stack:
        out = stack.enter_context(_packing(spool)) if wanted.gzip else spool
        await asyncio.to_thread(out.write, _header(wanted, reading).encode())
        async with resources.unit_of_work(account_id) as session:
            driver = await driver_of(session)
            await driver.execute(_PATIENT)
            opened = driver.cursor(reading.sql, *reading.values)
            cursor = await _meanwhile(opened, on_rows, total)
            page = await _meanwhile(cursor.fetch(PAGE_ROWS), on_rows, total)
            while page:
                spooled = asyncio.create_task(_spool(out, wanted, reading, page))
                try:
                    # Read on while this page is written.
                    following = await _meanwhile(cursor.fetch(PAGE_ROWS), on_rows, total)
                finally:
                    await spooled
                total += len(page)
                await on_rows(total)
                page = following
    return total


async def _meanwhile(awaited: Awaitable[Waited], on_rows: OnRows, rows: int) -> Waited:
    """Wait for something, and tell so once a second: a lease has to be renewed meanwhile."""
    task = asyncio.ensure_future(awaited)
    try:
        while not (await asyncio.wait({task}, timeout=_TELL_SECONDS))[0]:
            await on_rows(rows)
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def _header(wanted: ExportCreate, reading: Reading) -> str:
    if wanted.format is ExportFormat.NDJSON:
        return ""
    return lines.csv_header(reading.columns, is_raw=wanted.raw)


async def _spool(
    out: IO[bytes], wanted: ExportCreate, reading: Reading, page: Sequence[lines.Row]
) -> None:
    """Format and write one page, in a thread: the loop keeps renewing leases meanwhile."""

    def write() -> None:
        if wanted.format is ExportFormat.CSV:
            text = lines.csv_page(page, is_raw=wanted.raw)
        else:
            text = lines.ndjson_page(reading.columns, page)
        out.write(text.encode())

    await asyncio.to_thread(write)


def _packing(spool: IO[bytes]) -> IO[bytes]:
    packed = gzip.GzipFile(fileobj=spool, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0)
    return cast(IO[bytes], packed)


async def _blocks(spool: IO[bytes]) -> AsyncIterator[bytes]:
    spool.seek(0)
    while block := await asyncio.to_thread(spool.read, _BLOCK_BYTES):
        yield block
