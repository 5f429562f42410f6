"""The end of a definition, of a job or of a group of them. Pure.

created ──────────▶ 7 days before ──▶ 1 day before ──▶ expires_at
                    …expiring         …expiring        …expired: gone
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from app.core.errors import Fault
from app.core.faults import Wrong

# How long before its expiry a definition is warned of, in the order of the warnings.
WARNINGS = (timedelta(days=7), timedelta(days=1))
# As the states of both are called.
_EXPIRED = "expired"


class Ending(Protocol):
    """A definition that may have an end."""

    expires_at: datetime | None
    expiry_warnings: int

    @property
    def state(self) -> StrEnum: ...


def has_expired(one: Ending, *, now: datetime) -> bool:
    """Whether the definition is gone, be it that nobody has said so yet."""
    is_over = one.expires_at is not None and one.expires_at <= now
    return is_over or one.state == _EXPIRED


def warnings_due(expires_at: datetime, *, now: datetime) -> int:
    """How many of the warnings should have gone out by now."""
    return sum(1 for before in WARNINGS if expires_at - before <= now)


def next_look(one: Ending) -> datetime | None:
    """When there is something to say of the expiry: a warning, or that it has come."""
    if one.expires_at is None or one.state == _EXPIRED:
        return None
    if one.expiry_warnings < len(WARNINGS):
        return one.expires_at - WARNINGS[one.expiry_warnings]
    return one.expires_at


def with_one_end(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A change with what it implies: a time of expiry ends `never_expires`, and the other way."""
    if fields.get("expires_at") is not None:
        return {**fields, "never_expires": False}
    if fields.get("never_expires"):
        return {**fields, "expires_at": None}
    return dict(fields)


def refuse_both(expires_at: datetime | None, *, never_expires: bool) -> None:
    """Raise Wrong for a time of expiry beside a word that there is none."""
    if never_expires and expires_at is not None:
        raise Wrong("contradiction", "cannot be true beside a time of expiry", "/never_expires")


def faults_in_time(expires_at: datetime | None, *, now: datetime) -> list[Fault]:
    """A time of expiry that has passed."""
    if expires_at is None or expires_at > now:
        return []
    return [Fault("/expires_at", "in_the_past", "has passed")]


def faults_in_word(expires_at: datetime | None, *, never: bool) -> list[Fault]:
    """Neither a time of expiry nor a word that there is none."""
    if expires_at is not None or never:
        return []
    return [Fault("/expires_at", "missing", "needs a time, or never_expires true")]
