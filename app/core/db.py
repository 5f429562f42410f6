"""PostgreSQL: engines with their roles, and the column types of every table.

The login of `PENSTOCK_DATABASE_URL` owns the tables and migrates them; at work it steps down
to one of two roles for the whole life of a connection:

    penstock_app      everything, behind row-level security: only accounts named per transaction
    penstock_sweep    reads pending work, leases and windows of all accounts, and nothing else
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import DateTime, Dialect, String, TypeDecorator
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession as Session

from app.core.settings import Settings

__all__ = [
    "Role",
    "Session",
    "UtcDateTime",
    "constraint_of",
    "driver_url",
    "engine_of",
    "sqlstate_of",
    "word",
]

Role = Literal["penstock_app", "penstock_sweep"]


class UtcDateTime(TypeDecorator[datetime]):
    """`timestamptz` that refuses a time without a zone and always reads back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)


class _Word(TypeDecorator[Any]):
    """Text in the database, a member of one `StrEnum` in Python."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


def word(words: type[StrEnum]) -> Any:
    """The column type of a status word: stored as text, read back as the enum."""
    return _Word(words)


def driver_url(url: str) -> str:
    """The same address with the driver that SQLAlchemy is to use."""
    return "postgresql+asyncpg://" + url.partition("://")[2]


def engine_of(settings: Settings, role: Role, *, pool: int | None = None) -> AsyncEngine:
    """Connections that work in `role`, with the timeouts of the settings."""
    limits = settings.database
    return create_async_engine(
        driver_url(settings.database_url.get_secret_value()),
        pool_size=pool or limits.pool,
        max_overflow=0,
        pool_timeout=limits.pool_timeout.total_seconds(),
        # Statements' parameters are people's data; they never reach a log.
        hide_parameters=True,
        connect_args={
            "timeout": limits.connect_timeout.total_seconds(),
            "statement_cache_size": 512,
            "server_settings": {
                "role": role,
                "application_name": role,
                "TimeZone": "UTC",
                # Every statement here has its index. Tables that fill and empty within seconds
                # have no statistics that hold: planned while empty, a scan would stay the plan.
                "enable_seqscan": "off",
                "jit": "off",
                # Parameters are arrays, of which a plan for these very values would know no more.
                "plan_cache_mode": "force_generic_plan",
                "lock_timeout": _milliseconds(limits.lock_timeout),
                "statement_timeout": _milliseconds(limits.statement_timeout),
                # A process that stands still, or whose host is gone, gives its locks back.
                "idle_in_transaction_session_timeout": _milliseconds(limits.idle_timeout),
            },
        },
    )


def _milliseconds(length: timedelta) -> str:
    return f"{length.total_seconds() * 1000:.0f}ms"


def sqlstate_of(error: BaseException | None) -> str:
    """PostgreSQL's five-letter code of an error or of what caused it; empty if there is none."""
    while error is not None:
        found = getattr(error, "sqlstate", None)
        if found:
            return str(found)
        error = getattr(error, "orig", None) or error.__cause__
    return ""


def constraint_of(error: BaseException | None) -> str:
    """The constraint that an IntegrityError met; empty if there is none."""
    while error is not None:
        found = getattr(error, "constraint_name", None)
        if found:
            return str(found)
        error = getattr(error, "orig", None) or error.__cause__
    return ""
