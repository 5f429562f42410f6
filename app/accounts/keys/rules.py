"""What may be done with a key, and how long it lives. All times are real time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.accounts.errors import ExpiryInPast, ScopeNotGrantable
from app.core.auth import Scope
from app.core.errors import Fault
from app.models import ApiKey

# How long a rotated key still works beside the one that replaces it.
OVERLAP = timedelta(hours=24)


def check_grant(scopes: Iterable[Scope], *, by_installation: bool) -> None:
    """Raise ScopeNotGrantable if an account's key would grant what is the installation's."""
    faults = [
        Fault(f"/scopes/{index}", "scope_not_grantable", "belongs to the installation")
        for index, scope in enumerate(scopes)
        if scope is Scope.PLATFORM and not by_installation
    ]
    if faults:
        raise ScopeNotGrantable(faults=faults)


def check_expiry(expires_at: datetime | None, *, now: datetime) -> None:
    """Raise ExpiryInPast if the key would never live."""
    if expires_at is not None and expires_at <= now:
        raise ExpiryInPast(faults=[Fault("/expires_at", "expiry_in_past", "is in the past")])


def is_live(key: ApiKey, *, now: datetime) -> bool:
    """Whether the key works and has not been replaced; the one being replaced is not."""
    has_expired = key.expires_at is not None and key.expires_at <= now
    return key.revoked_at is None and key.rotated_to is None and not has_expired


def end_of_rotated(key: ApiKey, *, now: datetime) -> datetime:
    """When the old key ends: in 24 hours, or earlier if it would have anyway."""
    return min(key.expires_at or now + OVERLAP, now + OVERLAP)


def end_of_successor(key: ApiKey, *, now: datetime) -> datetime | None:
    """When the new key ends: after as long a life as the old one was given; never, if never."""
    return None if key.expires_at is None else now + (key.expires_at - key.created_at)
