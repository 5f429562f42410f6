"""A key for one command, made in the database of the stack beside it and revoked afterwards.

Whoever may read the data directory holds its secrets anyway; this only spares them the typing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from app.accounts.keys import service
from app.accounts.keys.queries import find_or_make_user
from app.accounts.queries import find_account
from app.client import queries
from app.client.errors import NoKey
from app.core import clock
from app.core.auth import Scope
from app.core.resources import Resources
from app.core.settings import Settings, UnknownSetting
from app.embedded import EmbeddedError, borrowed_settings

# Only for a command that could not revoke it; longer than any import takes.
_LIFE = timedelta(hours=24)
_USER = "penstock-cli"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Made:
    key: str
    key_id: UUID
    account_id: UUID


@contextlib.contextmanager
def borrowed_key(data_dir: Path, account: str | None, scopes: Sequence[Scope]) -> Iterator[str]:
    """A key of the account, or of the only account there is, for as long as the context lasts.

    Raises:
        NoKey: there is no such account, or more than one and none was named.
    """
    made = asyncio.run(_make(data_dir, account, scopes))
    try:
        yield made.key
    finally:
        # A stack that is gone by now cannot be asked; the key ends by itself.
        with contextlib.suppress(Exception):
            asyncio.run(_revoke(data_dir, made))


async def _make(data_dir: Path, account: str | None, scopes: Sequence[Scope]) -> _Made:
    async with _resources(data_dir) as resources:
        account_id = await _account(resources, account)
        now, secret = clock.real_now(), resources.settings.secret_key
        async with resources.unit_of_work(account_id) as session:
            user = await find_or_make_user(session, account_id, _USER)
            key, row = service.issue(user, scopes, secret=secret, now=now, expires_at=now + _LIFE)
            session.add(row)
    return _Made(str(key), row.id, account_id)


async def _revoke(data_dir: Path, made: _Made) -> None:
    async with (
        _resources(data_dir) as resources,
        resources.unit_of_work(made.account_id) as session,
    ):
        await service.revoke(session, made.account_id, made.key_id, now=clock.real_now())


@contextlib.asynccontextmanager
async def _resources(data_dir: Path) -> AsyncIterator[Resources]:
    try:
        async with borrowed_settings(data_dir), Resources(Settings.load()) as resources:
            yield resources
    except (EmbeddedError, UnknownSetting, ValidationError) as error:
        raise NoKey(why=f"None can be made here: {error}") from error


async def _account(resources: Resources, wanted: str | None) -> UUID:
    names = [wanted] if wanted is not None else await queries.list_account_names(resources)
    if len(names) == 1:
        async with resources.look() as connection:
            found = await find_account(connection, names[0])
        if found is not None:
            return found
        names = await queries.list_account_names(resources)
    raise NoKey(why=which(names, wanted))


def which(names: Sequence[str], wanted: str | None) -> str:
    """What a person is told who has to name an account, or named one that is not there."""
    if not names:
        return "None can be made here: there is no account yet; `penstock keys create` makes one."
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    if wanted is None:
        return f"Or say with --account for which account one is to be made: {shown}."
    return f"There is no account {wanted!r} here, only: {shown}."
