"""What every tenant's table shares: the key begins with the account."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from app.core.ids import uuid7


class Owned(SQLModel):
    """A row of one account, with an identifier of its own."""

    account_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=uuid7, primary_key=True)


def belongs_to(table: str, *columns: str) -> ForeignKeyConstraint:
    """A foreign key within the account: (account_id, column) → (account_id, id) of `table`."""
    return ForeignKeyConstraint(["account_id", *columns], [f"{table}.account_id", f"{table}.id"])


def of_account() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["account_id"], ["accounts.id"])


def one_of(column: str, words: Any) -> CheckConstraint:
    """The column holds one of the words of a `StrEnum`."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
