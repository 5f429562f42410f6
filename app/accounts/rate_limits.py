"""Requests a second and key, counted in this process.

A limit here keeps one key from starving the others on one API process; it is not a quota, so
it needs no memory that outlives the process or is shared between them.
"""

import time
from collections import OrderedDict

from starlette.types import Scope

from app.accounts.errors import TooManyRequests
from app.core.middleware import extra_headers

_KEYS = 10_000
_used: OrderedDict[str, tuple[int, int]] = OrderedDict()


def take(limit: int, name: str, scope: Scope) -> None:
    """Use one request of this second, and say in the headers what is left.

    Raises:
        TooManyRequests: this second's requests are used up.
    """
    second = int(time.monotonic())
    began, used = _used.get(name, (second, 0))
    used = used + 1 if began == second else 1
    _used[name] = (second, used)
    _used.move_to_end(name)
    if len(_used) > _KEYS:
        _used.popitem(last=False)
    extra_headers(scope).update(
        {
            "RateLimit-Policy": f'"second";q={limit};w=1',
            "RateLimit": f'"second";r={max(0, limit - used)};t=1',
        }
    )
    if used > limit:
        raise TooManyRequests
