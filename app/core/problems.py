"""An error becomes an answer: problem+json (RFC 9457). The only module that knows HTTP statuses.

A problem names the place that is wrong and says what was expected; it never repeats the input.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.core import log
from app.core.db import sqlstate_of
from app.core.errors import (
    AppError,
    Conflict,
    Exhausted,
    Fault,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    OutOfRoom,
    Stale,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from app.core.faults import faults_of

_log = log.get(__name__)

STATUS: Mapping[type[AppError], int] = {
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    Forbidden: 403,
    OutOfRoom: 507,
    Unavailable: 503,
    Unauthenticated: 401,
    Gone: 410,
    Stale: 412,
    TooLarge: 413,
    Unsupported: 415,
    Exhausted: 429,
}
MEDIA_TYPE = "application/problem+json"

# PostgreSQL's classes that mean "not now": connection, resources, operator, locks, and a
# transaction that was taken from a process which stood still.
_NOT_NOW = ("08", "53", "57", "40", "55P03", "25P03")
# What a driver says of a connection that is broken; the last one before it knows that it is.
_GONE = (
    PoolTimeout,
    InterfaceError,
    asyncpg.InterfaceError,
    ConnectionError,
    TimeoutError,
    asyncpg.InternalClientError,
)


class DatabaseUnavailable(Unavailable):
    """The database cannot be used right now; send the same again, under the same id or key."""


class ValidationFailed(Invalid):
    """The request does not have the form that this call takes."""


class ProblemError(BaseModel):
    """One wrong place."""

    pointer: str = Field(description="JSON pointer into the body, or ?name for a parameter.")
    code: str
    detail: str


class Problem(BaseModel):
    """What went wrong, for programs (`code`, `errors`) and for people (`detail`)."""

    type: str
    title: str
    status: int
    code: str = Field(description="Stable; switch on this.")
    detail: str
    errors: list[ProblemError] = []
    request_id: str | None = None


def status_of(error: type[AppError]) -> int:
    return next((status for kind, status in STATUS.items() if issubclass(error, kind)), 500)


def problems(*errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: every error it declares, grouped by status."""
    by_status: dict[int, list[type[AppError]]] = {}
    for error in errors:
        by_status.setdefault(status_of(error), []).append(error)
    return {
        status: {
            "model": Problem,
            "description": " · ".join(f"`{error.code_of()}`" for error in kinds),
            "content": {MEDIA_TYPE: {}},
        }
        for status, kinds in by_status.items()
    }


def answer(
    status: int,
    code: str,
    detail: str,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem+json response; ASCII only, so that no text of anybody's can break it."""
    problem = Problem(
        type=f"/problems/{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        errors=[
            ProblemError(pointer=fault.pointer, code=fault.code, detail=fault.detail)
            for fault in faults
        ],
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
    )
    body = json.dumps(problem.model_dump(), ensure_ascii=True)
    return Response(body, status, headers, media_type=MEDIA_TYPE)


def render(error: AppError) -> Response:
    """The answer to an expected error."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after.total_seconds())))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return answer(status_of(type(error)), error.code, error.message, error.faults, headers)


def as_app_error(error: BaseException) -> AppError | None:
    """The expected error behind a driver's or a framework's, or None if there is none."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, RequestValidationError):
        return ValidationFailed(faults=faults_of(error.errors()))
    if isinstance(error, _GONE):
        return DatabaseUnavailable()
    if isinstance(error, DBAPIError) and (
        error.connection_invalidated or sqlstate_of(error).startswith(_NOT_NOW)
    ):
        return DatabaseUnavailable()
    if isinstance(error, OSError) or sqlstate_of(error).startswith(_NOT_NOW):
        return DatabaseUnavailable()
    return None


def is_away(error: BaseException) -> bool:
    """Whether a neighbour is: all that is asked of it fails, and it will be back."""
    return isinstance(as_app_error(error), Unavailable)


def install(app: FastAPI) -> None:
    """Answer every error of this application with a problem."""
    app.add_exception_handler(AppError, _expected)
    app.add_exception_handler(RequestValidationError, _expected)
    app.add_exception_handler(HTTPException, _framework)


def last_resort(error: BaseException) -> Response:
    """The answer to anything else: 503 where a neighbour is down, else 500 and a log line."""
    known = as_app_error(error)
    if known is not None:
        _log.warning("unavailable", sqlstate=sqlstate_of(error), error=type(error).__name__)
        return render(known)
    _log.error("unexpected_error", exc_info=error)
    return answer(500, "internal_error", "Something went wrong on our side; it has been logged.")


async def _expected(_: Request, error: Exception) -> Response:
    known = as_app_error(error)
    if known is None:
        raise error
    return render(known)


async def _framework(request: Request, error: Exception) -> Response:
    """404 for no route, 405 and whatever else the framework raises by status."""
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return answer(error.status_code, code, f"{phrase}.", headers=headers)


def _methods_at(request: Request) -> set[str]:
    """Every method of this path; the framework's own answer names those of one route."""
    app: FastAPI = request.app
    return {
        method
        for context in iter_route_contexts(app.routes)
        if context.methods and context.path_regex.match(request.scope["path"])
        for method in context.methods
    }
