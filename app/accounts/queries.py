"""The SQL of accounts, users, keys."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select

from app.accounts.errors import AccountNotFound
from app.core.db import Session
from app.models import Account

_FIND_KEY = text("SELECT * FROM find_api_key(:public)")


async def find_key(connection: AsyncConnection, public: str) -> Row[Any] | None:
    """The key with this public part, of whatever account, with its user; None if there is none."""
    return (await connection.execute(_FIND_KEY, {"public": public})).one_or_none()


async def find_account(connection: AsyncConnection, name: str) -> UUID | None:
    """The account with this name; needs no account to be open."""
    found: UUID | None = await connection.scalar(text("SELECT find_account(:name)"), {"name": name})
    return found


async def get_account(session: Session, account_id: UUID, *, lock: bool = False) -> Account:
    """The account, if this transaction may see it.

    The lock leaves foreign keys alone: rows of the account can be inserted beside it.

    Raises:
        AccountNotFound: there is none, or the transaction is not open for it.
    """
    statement = select(Account).where(col(Account.id) == account_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        raise AccountNotFound(account_id=account_id)
    return found
