"""The rows of a file while and after they are imported.

    file ──▶ import_chunks: the rows as they came, a few hundred a row of the table
                 └─▶ pending_imports: one narrow row for each chunk that is still to be done

A chunk belongs to one lane: its campaign's, so that rows of one campaign are never in two chunks
at once, or the upload's own for rows without a campaign. Its results are kept beside its rows.
"""

from uuid import UUID

from sqlalchemy import Column, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel

from app.models.pending import BUSY


class ImportChunk(SQLModel, table=True):
    """Rows of one lane, packed; counts and results once they are done."""

    __tablename__ = "import_chunks"
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)

    account_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    lane_id: UUID
    segment: int = Field(description="Chunks of a segment hold neighbouring rows of the file.")
    rows: int
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    results: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    done: int = Field(default=0, description="Rows from the first on that have a result.")
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    created: int = 0
    updated: int = 0


class PendingImport(SQLModel, table=True):
    """A chunk to be done; in its lane, older runs first, then in the order of the file."""

    __tablename__ = "pending_imports"
    __table_args__ = (BUSY,)

    account_id: UUID = Field(primary_key=True)
    lane_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    deaths: int = Field(
        default=0, sa_type=SmallInteger, description="Workers that died at its first row to do."
    )
