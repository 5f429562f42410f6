"""What can go wrong, named once; each edge decides what to do about it.

AppError                                        over HTTP    in a task
├── NotFound      there is no such thing        404          the run failed
├── Conflict      it is in the wrong state      409          the run failed
├── Invalid       its content makes no sense    422          the run failed
├── Forbidden     this caller may not           403          the run failed
├── OutOfRoom     there is no room to keep it   507          stays due, tried again
└── Unavailable   a neighbour is down           503          stays due, tried again

Six more exist only where HTTP is spoken: Unauthenticated 401, Gone 410, Stale 412,
TooLarge 413, Unsupported 415, Exhausted 429.

A class's docstring is its message, filled with the facts given to `raise`; its name in
snake_case is the code that clients see. Neither ever carries what the client sent.
"""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Fault:
    """One place in the input that is wrong: a JSON pointer, a stable code, a sentence."""

    pointer: str
    code: str
    detail: str


class AppError(Exception):
    """An error that was foreseen and that a caller can understand."""

    # Of a class, unless an error knows better when the same call may work.
    retry_after: timedelta | None = None

    def __init__(self, *, faults: Sequence[Fault] = (), **facts: Any) -> None:
        super().__init__()
        self.faults = tuple(faults)
        self.facts = facts

    @classmethod
    def code_of(cls) -> str:
        """The stable code of this kind of error: `WindowClosed` → `window_closed`."""
        return _WORD_START.sub("_", cls.__name__).lower()

    @property
    def code(self) -> str:
        return self.code_of()

    @cached_property
    def message(self) -> str:
        """The docstring, filled with the facts."""
        return " ".join((inspect.getdoc(type(self)) or "").split()).format(**self.facts)

    def __str__(self) -> str:
        return self.message


class NotFound(AppError):
    """There is no such thing."""


class Conflict(AppError):
    """It is in the wrong state for that."""


class Invalid(AppError):
    """The content makes no sense."""


class Forbidden(AppError):
    """This caller may not do that."""


class Unavailable(AppError):
    """A neighbour is down; the same call may work in a moment."""

    retry_after = timedelta(seconds=1)


class OutOfRoom(AppError):
    """There is no room left for it."""


class Unauthenticated(AppError):
    """No valid API key was shown."""


class Gone(AppError):
    """It was here, and its time is over."""


class Stale(AppError):
    """It has changed since the version named in If-Match."""


class TooLarge(AppError):
    """The content is larger than what this call takes."""


class Unsupported(AppError):
    """The content type is not one that this call takes."""


class Exhausted(AppError):
    """A limit is used up."""

    retry_after = timedelta(seconds=1)
