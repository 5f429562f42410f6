from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.core.db import UtcDateTime
from app.models.owned import Owned, belongs_to


class ApiKey(Owned, table=True):
    """A bearer key of a user; of its secret only an HMAC is kept.

    `public_id` is unique in the whole installation, because it finds the account.
    """

    __tablename__ = "api_keys"
    __table_args__ = (belongs_to("users", "user_id"),)

    user_id: UUID
    public_id: str = Field(unique=True)
    secret_digest: str
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("now()")}
    )
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rotated_to: UUID | None = Field(default=None, description="The key that replaces this one.")
