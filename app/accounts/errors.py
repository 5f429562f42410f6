"""What can go wrong before any work begins.

Unauthenticated ── KeyMissing · KeyInvalid          no key, or none that lives
Forbidden ──────── MissingScope                     the key may not do this
Exhausted ──────── TooManyRequests                  more than the key's requests a second
Conflict ───────── RequestInProgress                the twin of this request is still at work
Invalid ────────── IdempotencyKeyReused             same key, other content

and with accounts and keys themselves: AccountNotFound · AccountNameTaken · ApiKeyNotFound ·
ApiKeyNotLive · ScopeNotGrantable · ExpiryInPast · UserKindDiffers
"""

from datetime import timedelta

from app.core.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
)


class KeyMissing(Unauthenticated):
    """This call needs an API key: send `Authorization: Bearer pk_…`."""


class KeyInvalid(Unauthenticated):
    """The API key is unknown, expired or revoked."""


class MissingScope(Forbidden):
    """The API key lacks the scope {scope}."""


class TooManyRequests(Exhausted):
    """The key has used up its requests for this second."""


class RequestInProgress(Conflict):
    """A request with this Idempotency-Key is still being worked on."""

    retry_after = timedelta(seconds=1)


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used with different content."""


class AccountNameTaken(Conflict):
    """Another account has this name."""


class AccountNotFound(NotFound):
    """No account has the id {account_id}."""


class ApiKeyNotFound(NotFound):
    """No API key has the id {key_id}."""


class ApiKeyNotLive(Conflict):
    """The API key is expired, revoked or already rotated."""


class ScopeNotGrantable(Invalid):
    """A key of an account cannot grant the scope platform."""


class ExpiryInPast(Invalid):
    """A key cannot expire before it is made."""


class UserKindDiffers(Conflict):
    """The user exists, and is of the other kind."""
