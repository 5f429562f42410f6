from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, belongs_to, of_account, one_of
from app.models.states import UploadObject, UploadOperation, UploadState


class Upload(Owned, table=True):
    """A file of rows: what it holds, how far it has arrived, what became of it."""

    __tablename__ = "uploads"
    __table_args__ = (
        of_account(),
        one_of("state", UploadState),
        one_of("object", UploadObject),
        one_of("operation", UploadOperation),
        Index("ix_uploads_run", "account_id", "run_id"),
    )

    state: UploadState = Field(default=UploadState.OPEN, sa_type=word(UploadState))
    object: UploadObject = Field(sa_type=word(UploadObject))
    operation: UploadOperation = Field(sa_type=word(UploadOperation))
    campaign_id: UUID | None = Field(default=None, description="Of every row, if given.")
    sequence_id: UUID | None = Field(
        default=None, description="Into which every row goes, if given."
    )
    mapping: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    format: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    expected_rows: int | None = Field(default=None, sa_type=BigInteger)
    expected_sha256: str | None = None
    stop_after: int | None = Field(
        default=None, sa_type=BigInteger, description="Failed rows that end the run; None: never."
    )
    source: bytes | None = Field(
        default=None, description="Sealed: the address to fetch from, and its headers."
    )
    user_id: UUID
    user_name: str
    size_bytes: int = Field(default=0, sa_type=BigInteger, description="Kept so far, durably.")
    sha256: str | None = Field(default=None, description="Of the whole content, once read.")
    columns: list[Any] | None = Field(default=None, sa_column=Column(JSONB))
    run_id: UUID | None = None
    parent_run_id: UUID | None = Field(default=None, description="Whose failed rows it corrects.")
    created_at: datetime = Field(sa_type=UtcDateTime)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, description="Forgotten then, if still open.")


class UploadPiece(SQLModel, table=True):
    """A part of an upload's content, as it lies in the store; written once, whole."""

    __tablename__ = "upload_pieces"
    __table_args__ = (belongs_to("uploads", "upload_id"),)

    account_id: UUID = Field(primary_key=True)
    upload_id: UUID = Field(primary_key=True)
    first_byte: int = Field(sa_type=BigInteger, primary_key=True)
    size_bytes: int = Field(sa_type=BigInteger)
    name: str = Field(description="In the store of files.")
