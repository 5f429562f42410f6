"""What can go wrong between a command and the API; the command prints the sentence.

ClientError            exit status 1
├── Refused            the API says no, and why
├── GaveUp             the API has been silent for too long
├── NotPenstock        whatever answers there is not this API
├── FileDiffers        the file is not, or no longer, what is being sent
├── NotStarted         the upload ended before it became an import
└── BadUsage           exit status 2: what was asked for makes no sense
    ├── FileNotReadable
    └── NoKey          nobody gave one, and none can be made here
"""

import inspect
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar, NamedTuple, Self

import httpx


class ClientError(Exception):
    """The command could not do what it was asked to."""

    exit_status: ClassVar[int] = 1

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        self.facts = facts

    def __str__(self) -> str:
        return " ".join((inspect.getdoc(type(self)) or "").split()).format(**self.facts)


class Place(NamedTuple):
    """One wrong place of a request."""

    pointer: str
    code: str
    detail: str


class Refused(ClientError):
    """{code}: {detail}"""

    def __init__(self, status: int, code: str, detail: str, places: Sequence[Place] = ()) -> None:
        super().__init__(code=code, detail=detail)
        self.status = status
        self.code = code
        self.places = places

    def __str__(self) -> str:
        lines = [f"  {place.pointer}  {place.code}: {place.detail}" for place in self.places]
        return "\n".join([super().__str__(), *lines])

    @classmethod
    def of(cls, answer: httpx.Response) -> Self:
        """From problem+json; from the bare status where a proxy answered for the API."""
        try:
            told = answer.json()
            places = [
                Place(str(place["pointer"]), str(place["code"]), str(place["detail"]))
                for place in told.get("errors") or []
            ]
            return cls(answer.status_code, str(told["code"]), str(told["detail"]), places)
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls(answer.status_code, f"http_{answer.status_code}", _phrase(answer))

    @property
    def may_pass(self) -> bool:
        """Whether the same, sent later or with another key, may be taken."""
        return self.status >= 500 or self.status in (401, 403)


class GaveUp(ClientError):
    """Gave up: for {seconds:.0f} s the API did not answer as it should ({why})."""


class NotPenstock(ClientError):
    """What answers at {url} does not speak like this API ({why}). Is it the right address?"""


class FileDiffers(ClientError):
    """{name} is not the file that is being sent: {why}."""


class NotStarted(ClientError):
    """The upload {upload_id} is {state} and will not be imported. {detail}"""


class BadUsage(ClientError):
    """{what}"""

    exit_status: ClassVar[int] = 2


class FileNotReadable(BadUsage):
    """{name} cannot be read: {why}."""


class NoKey(BadUsage):
    """There is no API key: give one with --key or in PENSTOCK_KEY. {why}"""


def _phrase(answer: httpx.Response) -> str:
    try:
        return HTTPStatus(answer.status_code).phrase
    except ValueError:
        return "an unknown status"
