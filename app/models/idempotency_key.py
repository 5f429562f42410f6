from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime


class IdempotencyKey(SQLModel, table=True):
    """The answer to one POST, kept so that its repeat changes nothing."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    account_id: UUID = Field(primary_key=True)
    method: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_digest: str = Field(description="SHA-256 of the body; another body is refused.")
    status: int | None = None
    media_type: str | None = None
    location: str | None = None
    etag: str | None = None
    retry_after: str | None = Field(default=None, description="Seconds, from `created_at` on.")
    body: bytes | None = None
    created_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("now()")}
    )
