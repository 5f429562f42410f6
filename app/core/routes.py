"""How a route reads its body: as JSON in the strict sense, or not at all."""

import inspect
import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.core.errors import Fault, Unsupported
from app.core.middleware import BodyLimit
from app.core.problems import ValidationFailed

_METHODS_WITH_BODY = {"POST", "PUT", "PATCH", "DELETE"}
# The framework wants the body parsed before it asks whose it is, and parsing stops everybody
# else: 30 MB of anonymous JSON held the process for a second each.
_LARGEST_DEFINITION = 4 * 2**20


class NotJson(Unsupported):
    """The body must be JSON, with the content type application/json."""


class Route(APIRoute):
    """A route whose body is strict JSON and whose answer the transaction around it may keep.

    `request.state.answer` holds the finished answer while function-scoped dependencies end, so
    that an idempotency key is stored in the effect's own transaction.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """The document's summary is the docstring's first sentence, not the function's name."""
        first_line = (inspect.getdoc(endpoint) or "").partition("\n")[0]
        options["summary"] = options.get("summary") or first_line.rstrip(".") or None
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_json = self.body_field is not None and not self.openapi_extra

        async def strict(request: Request) -> Response:
            if takes_json and request.method in _METHODS_WITH_BODY:
                limit = request.scope[BodyLimit.MAX_BODY]
                request.scope[BodyLimit.MAX_BODY] = min(limit, _LARGEST_DEFINITION)
                await _keep_json(request)
            response = await handle(request)
            request.state.answer = response
            return response

        return strict


async def read_json(request: Request) -> Any:
    """The body as JSON, for routes that check its form item by item.

    Raises:
        NotJson: the content type is another.
        ValidationFailed: it is empty or not JSON in the strict sense.
    """
    require_json(request.headers.get("content-type", ""))
    return parse_json(await request.body())


def require_json(content_type: str) -> None:
    """Refuse a body that is declared to be something else.

    Raises:
        NotJson: the content type is another.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise NotJson


async def _keep_json(request: Request) -> None:
    """Parse the body once, before the framework does, and leave the result where it looks."""
    if await request.body():
        request._json = await read_json(request)  # noqa: SLF001  (Starlette's own cache)


def parse_json(body: bytes) -> Any:
    """Any JSON value.

    Raises:
        ValidationFailed: it is not UTF-8, not JSON, has NaN or Infinity, or is nested so deep
            that reading it would exhaust the stack.
    """
    try:
        return _JSON.decode(body.decode("utf-8"))
    except RecursionError:
        fault = Fault("", "too_deep", "is nested too deep")
    except UnicodeDecodeError:
        fault = Fault("", "bad_encoding", "is not UTF-8")
    except ValueError:
        fault = Fault("", "json_invalid", "is not valid JSON")
    raise ValidationFailed(faults=[fault])


def _no_constants(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    """Numbers like 1e400 read as infinity, which no JSON can give back."""
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number beyond what can be kept")
    return number


# Kept: making one takes longer than reading a small body.
_JSON = json.JSONDecoder(parse_constant=_no_constants, parse_float=_finite)
