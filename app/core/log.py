"""Structured logs: one JSON object a line, with request, run and account ids.

Nothing personal is logged: no bodies, no e-mail addresses, no query values; ids only.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import structlog

from app.core.settings import Log

bound = structlog.contextvars.bound_contextvars


def configure(settings: Log) -> None:
    """Send our events and the libraries' warnings to standard output, in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _frames_only,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level)
    # arq logs the arguments of its jobs, uvicorn the query strings of its requests.
    for chatty in ("arq.worker", "arq.connections", "uvicorn.access", "uvicorn.error", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one module; events are words, facts are keyword arguments."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger


def is_debugging() -> bool:
    """Whether anybody sees what is logged at DEBUG: asking costs a tenth of telling nobody."""
    return logging.getLogger().isEnabledFor(logging.DEBUG)


def _frames_only(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Replace an exception by its classes and places: messages of drivers quote people's data."""
    shown = event.pop("exc_info", None)
    error = sys.exc_info()[1] if shown is True else shown
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = list(_chain(error))
    return event


def _chain(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)[-12:]
        places = " > ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)
        yield f"{type(error).__name__} at {places}"
        error = error.__cause__ or error.__context__
