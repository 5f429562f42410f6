"""Keys from the command line: account and user are made where they are missing."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert

from app.accounts import queries
from app.accounts.keys import service
from app.accounts.keys.queries import find_or_make_user
from app.core import clock
from app.core.auth import Key, Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from app.models import INSTALLATION, Account


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
        owner = await find_or_make_user(session, account_id, user)
        key, row = service.issue(
            owner, scopes, secret=resources.settings.secret_key, now=clock.real_now()
        )
        session.add(row)
    return key
