"""The schema's versions: bring a database to one, ask which it has."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from alembic import command
from app.core.db import driver_url

_SCRIPTS = Path(__file__).resolve().parents[2] / "alembic"


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the database up to a revision; safe to run from many processes at once."""
    command.upgrade(_config(database_url), revision)


def downgrade(database_url: str, revision: str) -> None:
    command.downgrade(_config(database_url), revision)


def newest() -> str:
    """The revision this code was written for."""
    head = ScriptDirectory.from_config(_config("")).get_current_head()
    if head is None:
        raise RuntimeError("there are no migrations")
    return head


async def current(connection: AsyncConnection) -> str | None:
    """The revision the database has."""
    found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def draft(database_url: str, message: str) -> None:
    """Write a migration from the difference between the models and the database."""
    command.revision(_config(database_url), message=message, autogenerate=True)


def check(database_url: str) -> None:
    """Raise if the models and the database differ."""
    command.check(_config(database_url))


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    # ConfigParser reads % as the start of a substitution.
    config.set_main_option("sqlalchemy.url", driver_url(database_url).replace("%", "%%"))
    return config
