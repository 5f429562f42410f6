"""The wire shapes of accounts."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.values import Name, TimeZone, Wire


class AccountRead(BaseModel):
    """An account as its own keys see it."""

    id: UUID
    name: str
    timezone: str = Field(description="IANA name; the days of quotas are its days.")
    created_at: datetime


class AccountPatch(Wire):
    """What may be changed; absent fields stay as they are."""

    name: Name | None = None
    timezone: TimeZone | None = None
