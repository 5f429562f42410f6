"""Who is being worked on, and whose turn it is."""

from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class ActiveResponse(SQLModel, table=True):
    """At most one active response per person; written under the person's lock."""

    __tablename__ = "active_responses"

    account_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    response_id: UUID


class OwnerTurn(SQLModel, table=True):
    """Whose turn it is in the round robin of a list of owners.

    `list_id` is the campaign's id, or the account's for the account's own list.
    """

    __tablename__ = "owner_turns"

    account_id: UUID = Field(primary_key=True)
    list_id: UUID = Field(primary_key=True)
    taken: int = Field(default=0, sa_type=BigInteger)
