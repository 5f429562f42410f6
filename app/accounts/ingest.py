"""The caller of an ingest request: a key seen in the last seconds is not looked up again.

Saving that look-up is safe because intake checks the key once more inside its transaction, for
all gathered requests in one statement: a key revoked meanwhile takes nothing in.
"""

import time
from collections import OrderedDict
from typing import Annotated

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials
from starlette.types import Scope as HttpScope

from app.accounts.caller import Caller, Held, admit, bearer, has_expired, identify
from app.accounts.errors import KeyInvalid
from app.accounts.rate_limits import take
from app.core.auth import Scope
from app.core.resources import Resources

FRESH_SECONDS = 5.0
_KEYS = 10_000
_known: OrderedDict[str, tuple[Caller, float]] = OrderedDict()


async def ingester(scope: HttpScope, resources: Resources, token: str) -> Caller:
    """Whoever shows this key, if it may ingest and has requests left.

    Raises:
        KeyMissing, KeyInvalid, MissingScope, TooManyRequests: see each.
    """
    found = await _recognise(resources, token)
    admit(found, (Scope.INGEST,))
    take(resources.settings.limits.ingest, f"{found.key_id}:ingest", scope)
    structlog.contextvars.bind_contextvars(account_id=str(found.account_id))
    return found


async def _ingester(
    request: Request,
    resources: Held,
    shown: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Caller:
    return await ingester(request.scope, resources, shown.credentials if shown else "")


async def _recognise(resources: Resources, token: str) -> Caller:
    known = _known.get(token)
    if known is not None and known[1] > time.monotonic():
        if has_expired(known[0]):
            raise KeyInvalid
        return known[0]
    caller = await identify(resources, token)
    _known[token] = (caller, time.monotonic() + FRESH_SECONDS)
    _known.move_to_end(token)
    if len(_known) > _KEYS:
        _known.popitem(last=False)
    return caller


_ingester.scopes = (Scope.INGEST,)  # type: ignore[attr-defined]  # read by the guard over routes

Ingester = Annotated[Caller, Depends(_ingester)]
