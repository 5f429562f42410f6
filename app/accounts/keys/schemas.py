"""The wire shapes of API keys."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.auth import Scope
from app.core.values import Moment, Name, Wire
from app.models import ApiKey, User
from app.models.states import UserKind


class ApiKeyCreate(Wire):
    """A key for a user; the user is made if there is none of that name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"user": "marketo", "kind": "integration", "scopes": ["ingest"]}]
        }
    )

    user: Name = Field(description="Who will use it, e.g. `marketo`.")
    kind: UserKind | None = Field(None, description="Of a new user; an integration if left out.")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    expires_at: Moment | None = None


class ApiKeyRead(BaseModel):
    """A key without its secret."""

    id: UUID
    user: str
    kind: UserKind
    public_id: str = Field(description="The part of the key that may be shown: `pk_<this>_…`.")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    rotated_to: UUID | None = Field(description="The key that replaces this one.")

    @classmethod
    def of(cls, key: ApiKey, user: User) -> Self:
        shown = key.model_dump(exclude={"account_id", "user_id", "secret_digest"})
        return cls(**shown, user=user.name, kind=user.kind)


class ApiKeyCreated(BaseModel):
    """A new key, shown in full this once."""

    key: str | None = Field(description="The key itself; null in a repeated answer.")
    api_key: ApiKeyRead
