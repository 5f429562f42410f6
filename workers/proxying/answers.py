"""How a refusal is said: its code in the status line, where every client shows it."""

from collections.abc import Mapping

import h11

from app.core.errors import AppError
from app.core.outbound.errors import NotReached
from workers.proxying import errors

# What is not listed is a refusal by the rules: 403 over HTTP, 2 over SOCKS.
_STATUS: Mapping[type[AppError], int] = {
    errors.BadRequest: 400,
    errors.RequestTooSlow: 408,
    errors.ConnectionsUsedUp: 429,
    errors.HeadTooLarge: 431,
    errors.BadAnswer: 502,
    NotReached: 502,
    errors.TooManyConnections: 503,
    errors.Silent: 504,
}
_SOCKS_REPLY: Mapping[type[AppError], int] = {
    errors.TooManyConnections: 1,
    errors.ConnectionsUsedUp: 1,
    NotReached: 4,
    errors.Silent: 4,
}


def refusal_over_http(
    connection: h11.Connection, refusal: AppError, *, has_body: bool = True
) -> bytes:
    """The answer to a request that is refused; the connection ends with it.

    Args:
        has_body: False for HEAD, whose answers have none.
    """
    sentence = f"{refusal.code}: {refusal.message}\n".encode()
    headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", str(len(sentence))),
        ("connection", "close"),
        ("proxy-status", f'penstock; details="{refusal.code}"'),
    ]
    if refusal.retry_after is not None:
        headers.append(("retry-after", str(int(refusal.retry_after.total_seconds()))))
    status = _STATUS.get(type(refusal), 403)
    head = h11.Response(status_code=status, headers=headers, reason=refusal.code.encode())
    said = [head, h11.Data(data=sentence), h11.EndOfMessage()]
    return b"".join(
        connection.send(event) or b""
        for event in said
        if has_body or not isinstance(event, h11.Data)
    )


def refusal_over_socks(refusal: AppError) -> int:
    """The reply code of RFC 1928."""
    return _SOCKS_REPLY.get(type(refusal), 2)
