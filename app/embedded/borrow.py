"""The database of a data directory for one command, whether its stack is up or not."""

import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from app.embedded.datadir import DEFAULT, DataDir
from app.embedded.environment import DATABASE_URL, given_settings, load_environment
from app.embedded.errors import AlreadyRunning
from app.embedded.lock import Holder, held_unless
from app.embedded.postgres import Postgres
from app.embedded.state import find_state


@contextlib.asynccontextmanager
async def borrowed_database(
    data_dir: Path = DEFAULT, given: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """Yield the database's URL: one given in the settings, the running stack's, or that of a
    PostgreSQL started for the moment.

    In the last case the schema is as the last stack left it, and missing if there was none.

    Raises:
        AlreadyRunning: a stack holds the directory, but its database does not come up.
    """
    given = given_settings() if given is None else given
    if url := given.get(DATABASE_URL):
        yield url
        return
    found = DataDir.open_at(data_dir)

    def is_up(holder: Holder) -> bool:
        # A stack that still starts is waited for, a command that borrows too.
        return holder.purpose == "stack" and _url_of(found, holder) is not None

    async with held_unless(found.lock, "command", is_up) as holder:
        if holder is not None:
            yield _required(found, holder)
            return
        postgres = embedded_postgres(found)
        try:
            await postgres.start()
            await postgres.create_database()
            yield postgres.url()
        finally:
            await postgres.stop()


@contextlib.asynccontextmanager
async def borrowed_settings(data_dir: Path = DEFAULT) -> AsyncIterator[str]:
    """Give this process the settings of a data directory for one command; yields the database.

    What the person set stays; see `borrowed_database` for where the database comes from.
    """
    given = given_settings()
    if DATABASE_URL not in given:
        os.environ.update(load_environment(data_dir, given))
    async with borrowed_database(data_dir, given) as database_url:
        os.environ[DATABASE_URL] = database_url
        yield database_url


def embedded_postgres(data_dir: DataDir) -> Postgres:
    """The PostgreSQL of a data directory, not yet started."""
    password = data_dir.secrets().postgres
    return Postgres(data_dir.postgres, password=password, log=data_dir.log("postgres"))


def _url_of(data_dir: DataDir, holder: Holder) -> str | None:
    state = find_state(data_dir.state, of_pid=holder.pid)
    return state.database_url if state else None


def _required(data_dir: DataDir, holder: Holder) -> str:
    url = _url_of(data_dir, holder)
    if url is None:
        raise AlreadyRunning(directory=data_dir.root, pid=holder.pid)
    return url
