"""The SQL of the three files: a segment at a time, in short transactions of their own."""

from dataclasses import dataclass
from uuid import UUID

from app.core.db import Session
from app.core.driver import driver_of
from app.imports.formats.format import FileType, Format

_CHUNKS = """
SELECT payload, results FROM import_chunks
 WHERE account_id = $1 AND run_id = $2 AND segment = $3 ORDER BY number
"""
_UPLOAD = """
SELECT u.run_id, u.columns, u.mapping, u.format, (SELECT max(segment) FROM import_chunks c
        WHERE c.account_id = u.account_id AND c.run_id = u.run_id) AS last_segment,
       r.total
  FROM uploads u LEFT JOIN runs r ON r.account_id = u.account_id AND r.id = u.run_id
 WHERE u.account_id = $1 AND u.id = $2
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is of an upload's rows; no run if it was never completed."""

    run_id: UUID | None
    columns: list[str]
    mapping: dict[str, str | None] | None
    file_type: FileType
    last_segment: int
    is_forgotten: bool


async def find_kept(session: Session, account_id: UUID, upload_id: UUID) -> Kept | None:
    """What is kept of the rows of an upload; None if there is no such upload."""
    row = await (await driver_of(session)).fetchrow(_UPLOAD, account_id, upload_id)
    if row is None:
        return None
    # Before the file is read, its columns are not known, and none of its rows is of any file.
    is_read = row["total"] is not None
    return Kept(
        run_id=row["run_id"],
        columns=row["columns"] or [],
        mapping=row["mapping"],
        file_type=Format.model_validate(row["format"]).type,
        last_segment=row["last_segment"] if is_read and row["last_segment"] is not None else -1,
        is_forgotten=bool(row["total"]) and row["last_segment"] is None,
    )


async def list_chunks(
    session: Session, account_id: UUID, run_id: UUID, segment: int
) -> list[tuple[bytes, bytes | None]]:
    """The chunks of a segment, packed: (rows, results)."""
    rows = await (await driver_of(session)).fetch(_CHUNKS, account_id, run_id, segment)
    return [(row["payload"], row["results"]) for row in rows]
