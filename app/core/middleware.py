"""Around every request: its id, its log line, its metric, the answer to the unexpected.

And the limit of bodies: Starlette's own answers 413 as plain text, and so past every handler.
"""

import re
import time

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import log, metrics
from app.core.errors import TooLarge
from app.core.ids import uuid7
from app.core.problems import last_resort

_log = log.get(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_EXTRA = "penstock.headers"
_STORMY = "penstock.stormy"
_REFUSED = 400
# Asked every few seconds by machines; a line each would be noise.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


def header_of(scope: Scope, name: bytes) -> str:
    """The first header of this name, in lower case; empty if there is none.

    For what every request passes through: the framework's takes five times as long.
    """
    for shown, value in scope["headers"]:
        if shown == name:
            return str(value, "latin-1")
    return ""


def extra_headers(scope: Scope) -> dict[str, str]:
    """Headers that go out with the answer, whoever makes it: a route, or an error's handler."""
    headers: dict[str, str] = scope[_EXTRA]
    return headers


def is_of_a_storm(scope: Scope) -> None:
    """Log this request at DEBUG if it succeeds: a line took a sixth of the time of each."""
    scope[_STORMY] = True


class RequestContext:
    """Gives the request an id, says what became of it, and never lets an exception through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        shown = header_of(scope, b"x-request-id")
        request_id = shown if _REQUEST_ID.fullmatch(shown) else uuid7().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        scope[_EXTRA] = {}
        began = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                extra = {"x-request-id": request_id, **extra_headers(scope)}
                message["headers"] = [
                    *message.get("headers", []),
                    *((name.lower().encode(), value.encode()) for name, value in extra.items()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except ClientDisconnect:
            _log.info("client_left", route=_template_of(scope))
        except Exception as error:
            response = last_resort(error)
            if status:
                raise
            await response(scope, receive, send_with_id)
        finally:
            self._tell(scope, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = _template_of(scope)
        metrics.REQUESTS.labels(route, status).inc()
        if scope["path"] not in _QUIET:
            is_expected = scope.get(_STORMY, False) and 0 < status < _REFUSED
            if is_expected and not log.is_debugging():
                return
            tell = _log.debug if is_expected else _log.info
            tell(
                "request",
                method=scope["method"],
                route=route,
                status=status,
                ms=round(seconds * 1000, 1),
            )


class BodyTooLarge(TooLarge):
    """The body is larger than the {limit} bytes that this call takes."""


class BodyLimit:
    """Refuses a body above the limit, by its declared length or while it arrives.

    The refusal is raised where the body is read, so that it is answered like every error. A
    route that takes more or less sets `MAX_BODY` in the scope before it reads.
    """

    MAX_BODY = "penstock.max_body"

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self.app = app
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        shown = header_of(scope, b"content-length")
        declared = int(shown) if shown.isascii() and shown.isdigit() else 0
        arrived = 0
        scope[self.MAX_BODY] = self.max_body

        async def receive_limited() -> Message:
            nonlocal arrived
            limit = scope[self.MAX_BODY]
            if declared > limit:
                raise BodyTooLarge(limit=limit)
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > limit:
                raise BodyTooLarge(limit=limit)
            return message

        await self.app(scope, receive_limited, send)


def _template_of(scope: Scope) -> str:
    """The path as the document spells it; never the path itself, which may hold anything."""
    found: str = getattr(scope.get("route"), "path", "(none)")
    # A route of an included router knows only its own part.
    prefix = "/v1" if scope["path"].startswith("/v1/") and found.startswith("/") else ""
    return found if found.startswith("/v1/") else prefix + found
