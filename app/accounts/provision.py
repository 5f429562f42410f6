"""Keys from the command line: account and user are made where they are missing."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from app.accounts import queries
from app.core import auth, clock
from app.core.auth import Key, Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from app.models import INSTALLATION, Account, ApiKey, User


async def issue_key(
    resources: Resources, *, account: str | None, user: str, scopes: Sequence[Scope]
) -> Key:
    """A new key of `user` in `account`; without an account, an installation key.

    The key's secret exists only in the returned value. Safe to repeat: each call makes one more
    key, never another account or user of the same name.
    """
    if account is None:
        account_id = INSTALLATION
    else:
        async with resources.look() as connection:
            account_id = await queries.find_account(connection, account) or uuid7()
    async with resources.unit_of_work(account_id) as session:
        if account is not None:
            await session.exec(
                insert(Account).values(id=account_id, name=account, version=1, timezone="UTC")
                .on_conflict_do_nothing(index_elements=["id"])
            )  # fmt: skip
        await session.exec(
            insert(User).values(account_id=account_id, id=uuid7(), name=user, kind="integration")
            .on_conflict_do_nothing(index_elements=["account_id", "name"])
        )  # fmt: skip
        found = await session.exec(
            select(User).where(col(User.account_id) == account_id, col(User.name) == user)
        )
        key = auth.new_key()
        session.add(
            ApiKey(
                account_id=account_id,
                user_id=found.one().id,
                public_id=key.public,
                secret_digest=auth.digest(resources.settings.secret_key.get_secret_value(), key),
                scopes=sorted(scopes),
                created_at=clock.real_now(),
            )
        )
    return key
