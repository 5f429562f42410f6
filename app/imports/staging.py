"""From a file to chunks: read once from end to end before any row is taken in.

    pieces ─▶ SHA-256 ─▶ records ─▶ lanes ─▶ chunks, a few MB a transaction ─▶ publish
                 │            └ file refused                                     │
                 └ differs ───┴── rows differ: the run fails, no row taken in    └ lanes see them

Nobody sees the chunks before all of them are there: only then are they pending. Who takes over
from a worker that died in the middle begins again.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from app.core.driver import Direct, Row
from app.core.failpoints import Purpose
from app.core.resources import Line, Resources
from app.imports.columns.plan import AnyPlan, plan_of
from app.imports.cutting import Cutter
from app.imports.errors import ContentDiffers, RowsDiffer
from app.imports.fetching import fetch_content
from app.imports.formats.format import Format
from app.imports.formats.reading import reader_of
from app.imports.formats.records import PlainLines, Record, Records
from app.imports.keeping import Keeper
from app.imports.packing import RowOutcome, unpack_results, unpack_rows
from app.models.states import UploadObject
from app.responses.intake.reading import uuid_in
from app.runs import queue
from app.runs.progress import progress
from app.runs.queue import Claimed

_UPLOAD = """
UPDATE uploads SET state = 'InProgress' WHERE account_id = $1 AND id = $2
RETURNING object, campaign_id, sequence_id, mapping, format, expected_rows, expected_sha256,
          columns, parent_run_id, source
"""
_FETCHED = """
WITH kept AS (
    INSERT INTO upload_pieces (account_id, upload_id, first_byte, size_bytes, name)
    VALUES ($1, $2, 0, $3, $4))
UPDATE uploads SET size_bytes = $3 WHERE account_id = $1 AND id = $2
"""
_PIECES = """
SELECT name FROM upload_pieces WHERE account_id = $1 AND upload_id = $2 ORDER BY first_byte
"""
_BEGIN_AGAIN = "DELETE FROM import_chunks WHERE account_id = $1 AND run_id = $2"
_IS_PUBLISHED = "SELECT total IS NOT NULL FROM runs WHERE account_id = $1 AND id = $2"
_SAY = "UPDATE runs SET details = details || $3::jsonb WHERE account_id = $1 AND id = $2"
_LANE = """
INSERT INTO lanes (account_id, campaign_id, token) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING
"""
_PUBLISH = """
INSERT INTO pending_imports (account_id, lane_id, run_id, number, deaths)
SELECT account_id, lane_id, run_id, number, 0 FROM import_chunks
 WHERE account_id = $1 AND run_id = $2
"""
_READ = """
UPDATE runs SET total = $3, processed = 0, succeeded = 0, failed = 0, skipped = 0, created = 0,
       updated = 0, unprocessed = $3, details = details || $4::jsonb
 WHERE account_id = $1 AND id = $2
"""
_DESCRIBE = "UPDATE uploads SET sha256 = $3, columns = $4::jsonb WHERE account_id = $1 AND id = $2"
_CAMPAIGNS = """
SELECT c.code AS ref, c.id FROM campaigns c
 WHERE c.account_id = $1 AND c.code = ANY ($2::text[])
 UNION ALL
SELECT w.ref, c.id FROM unnest($2::text[], $3::uuid[]) AS w(ref, id)
  JOIN campaigns c ON c.account_id = $1 AND c.id = w.id
"""
_CHUNKS_OF = """
SELECT number, payload, results FROM import_chunks
 WHERE account_id = $1 AND run_id = $2 AND number > $3 ORDER BY number LIMIT 20
"""

_FLUSH_BYTES = 4 * 2**20
_MOST_CAMPAIGNS = 100_000


class Interrupted(Exception):
    """The process is to stop; whoever takes the run over begins to read again."""


class Staging:
    """Reads one run's file into chunks."""

    def __init__(
        self,
        resources: Resources,
        line: Line,
        claimed: Claimed,
        *,
        is_stopping: Callable[[], bool],
    ) -> None:
        assert claimed.subject_id is not None  # noqa: S101  (an import is always of an upload)
        self._resources = resources
        self._line = line
        self._claimed = claimed
        self._is_stopping = is_stopping
        self._account_id, self._run_id = claimed.account_id, claimed.run_id
        self._upload_id: UUID = claimed.subject_id
        # Of rows that name no campaign: that of the upload's, so that its rows have one lane only.
        self._lane_id: UUID = claimed.subject_id
        self._lease: timedelta = resources.settings.scoring.lease
        limits = resources.settings.imports
        self._cutter = Cutter(limits.chunk_rows, limits.segment_rows, int(limits.segment_bytes))
        self._campaigns: dict[str, UUID] = {}
        self._prompts = 0
        self._keeper = Keeper(claimed, lambda: self._transaction(Purpose.READING))
        # Both have one connection, and take turns.
        self._turn = asyncio.Lock()

    async def read(self) -> None:
        """Read the file and publish its chunks; does nothing if that was done before.

        Raises:
            Invalid: the file as a whole makes no sense, or is not what was announced.
            Interrupted: the process is to stop.
            RunLost: another worker has the run.
        """
        try:
            await self._read()
        finally:
            # Nobody else may get the connection before it is free.
            await self._keeper.leave()

    async def _read(self) -> None:
        async with self._transaction(Purpose.READING) as tx:
            if await tx.driver.fetchval(_IS_PUBLISHED, self._account_id, self._run_id):
                return
            upload = await tx.driver.fetchrow(_UPLOAD, self._account_id, self._upload_id)
            assert upload is not None  # noqa: S101  (nothing deletes an upload with a run)
            self._lane_id = upload["campaign_id"] or self._upload_id
            pieces = await tx.driver.fetch(_PIECES, self._account_id, self._upload_id)
            await tx.driver.execute(_BEGIN_AGAIN, self._account_id, self._run_id)
            await tx.driver.execute(_SAY, self._account_id, self._run_id, progress("reading"))
        if self._claimed.details.get("is_retry"):
            sha256, columns = None, upload["columns"] or []
            await self._read_parent(upload)
        else:
            names = [row["name"] for row in pieces]
            if upload["source"] is not None and not names:
                names = [await self._fetch(upload["source"])]
            sha256, columns = await self._read_file(upload, names)
        self._cutter.end_segment()
        expected = upload["expected_rows"]
        if expected is not None and expected != self._cutter.rows:
            raise RowsDiffer(rows=self._cutter.rows, expected=expected)
        await self._keeper.keep(self._cutter.take())
        await self._keeper.finish()
        await self._publish(sha256, columns)

    async def _fetch(self, source: bytes) -> str:
        place = (self._account_id, self._upload_id)
        name, size = await fetch_content(self._resources, *place, source)
        async with self._transaction(Purpose.READING) as tx:
            await tx.driver.execute(_FETCHED, *place, size, name)
        return name

    async def _read_file(self, upload: Row, pieces: Sequence[str]) -> tuple[str, list[str]]:
        file_format = Format.model_validate(upload["format"])
        reader = reader_of(file_format)
        plan: AnyPlan | None = None
        digest = hashlib.sha256()
        async for block in _content(self._resources, pieces):
            digest.update(block)
            # What is packed may unfold a thousandfold, so it comes in portions, and others have
            # their turns between them.
            for records in reader.portions(block):
                if self._is_stopping():
                    raise Interrupted
                # Of NDJSON no key is known while no line can be read; its rows count all the same.
                if plan is None and (reader.columns or records):
                    plan = _plan(upload, file_format, reader.columns)
                if plan is not None:
                    await self._add(plan, records)
                await asyncio.sleep(0)
        records = reader.finish()
        plan = plan or _plan(upload, file_format, reader.columns)
        await self._add(plan, records)
        if upload["expected_sha256"] not in (None, digest.hexdigest()):
            raise ContentDiffers
        return digest.hexdigest(), list(reader.columns)

    async def _read_parent(self, upload: Row) -> None:
        """The rows of another run that failed or were never attempted."""
        file_format = Format.model_validate(upload["format"])
        plan = _plan(upload, file_format, upload["columns"] or [])
        last = -1
        while True:
            async with self._transaction(Purpose.READING) as tx:
                chunks = await tx.driver.fetch(
                    _CHUNKS_OF, self._account_id, upload["parent_run_id"], last
                )
            if not chunks:
                return
            for chunk in chunks:
                rows, results = unpack_rows(chunk["payload"]), unpack_results(chunk["results"])
                records, numbers = [], []
                for at in range(len(rows)):
                    if at < len(results) and results[at].outcome is not RowOutcome.FAILED:
                        continue
                    records.append(Record(rows.lines[at], rows.cells[at], rows.faults.get(at)))
                    numbers.append(rows.numbers[at])
                await self._add(plan, records, numbers)
            last = chunks[-1]["number"]

    async def _add(
        self, plan: AnyPlan, records: Records, numbers: Sequence[int] | None = None
    ) -> None:
        if isinstance(records, PlainLines):
            await self._add_plain(plan, records)
        else:
            await self._add_others(plan, records, numbers)
        if sum(len(chunk.payload) for chunk in self._cutter.sealed) >= _FLUSH_BYTES:
            await self._keeper.keep(self._cutter.take())

    async def _add_plain(self, plan: AnyPlan, lines: PlainLines) -> None:
        heads = [text.split(lines.delimiter, plan.depth) for text in lines.texts]
        refs = [plan.campaign_of(cells) for cells in heads]
        await self._find_campaigns(refs)
        self._prompts += sum(map(plan.is_prompt, heads))
        self._cutter.add_plain([self._lane_of(ref) for ref in refs], lines)

    async def _add_others(
        self, plan: AnyPlan, records: Sequence[Record], numbers: Sequence[int] | None
    ) -> None:
        refs = [plan.campaign_of(r.cells) if r.fault is None else None for r in records]
        await self._find_campaigns(refs)
        for at, (record, ref) in enumerate(zip(records, refs, strict=True)):
            if record.fault is None and plan.is_prompt(record.cells):
                self._prompts += 1
            number = numbers[at] if numbers else None
            self._cutter.add(self._lane_of(ref), record, number=number)

    def _lane_of(self, ref: str | None) -> UUID:
        return self._campaigns.get(ref, self._upload_id) if ref else self._lane_id

    async def _find_campaigns(self, refs: Iterable[str | None]) -> None:
        if len(self._campaigns) > _MOST_CAMPAIGNS:
            self._campaigns.clear()
        unknown = {ref for ref in refs if ref is not None} - self._campaigns.keys()
        if not unknown:
            return
        async with self._transaction(Purpose.READING) as tx:
            listed = list(unknown)
            ids = [uuid_in(ref) for ref in listed]
            rows = await tx.driver.fetch(_CAMPAIGNS, self._account_id, listed, ids)
        found = {row["ref"]: row["id"] for row in rows}
        self._campaigns.update((ref, found.get(ref, self._upload_id)) for ref in unknown)

    async def _publish(self, sha256: str | None, columns: list[str]) -> None:
        size = self._cutter.rows - self._prompts
        details = json.dumps({"size": size, "chunks": self._cutter.chunks})
        place = (self._account_id, self._run_id)
        async with self._transaction(Purpose.PUBLISHING) as tx:
            await tx.driver.execute(
                _DESCRIBE, self._account_id, self._upload_id, sha256, json.dumps(columns)
            )
            await tx.driver.execute(_READ, *place, self._cutter.rows, details)
            await tx.driver.execute(_LANE, self._account_id, self._upload_id)
            await tx.driver.execute(_PUBLISH, *place)

    @contextlib.asynccontextmanager
    async def _transaction(self, purpose: Purpose) -> AsyncIterator[Direct]:
        """A transaction of whoever still has the run."""
        async with (
            self._turn,
            self._line.unit_of_work(self._account_id, purpose=purpose) as tx,
        ):
            await queue.renew(tx, self._claimed, by=self._lease)
            yield tx


def _plan(upload: Row, file_format: Format, columns: Sequence[str]) -> AnyPlan:
    campaign = upload["campaign_id"]
    return plan_of(
        UploadObject(upload["object"]),
        file_format.type,
        columns,
        upload["mapping"],
        campaign=str(campaign) if campaign else None,
        has_sequence=upload["sequence_id"] is not None,
    )


async def _content(resources: Resources, pieces: Sequence[str]) -> AsyncIterator[bytes]:
    for name in pieces:
        async for block in resources.files.read(name):
            yield block
