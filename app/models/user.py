from datetime import datetime

from sqlalchemy import UniqueConstraint, text
from sqlmodel import Field

from app.core.db import UtcDateTime, word
from app.models.owned import Owned, of_account, one_of
from app.models.states import UserKind


class User(Owned, table=True):
    """A person or an integration (e.g. `marketo`) that holds keys."""

    __tablename__ = "users"
    __table_args__ = (
        of_account(),
        UniqueConstraint("account_id", "name"),
        one_of("kind", UserKind),
    )

    name: str
    kind: UserKind = Field(default=UserKind.INTEGRATION, sa_type=word(UserKind))
    created_at: datetime = Field(
        sa_type=UtcDateTime, sa_column_kwargs={"server_default": text("now()")}
    )
