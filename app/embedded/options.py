"""What `penstock up` may be told, and what its guests are told."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.embedded.datadir import DEFAULT, DataDir
from app.embedded.environment import DATABASE_URL, HOST, PORT, REDIS_URL, given_settings
from app.embedded.ports import LOOPBACK
from app.embedded.terminal import Say, say

_DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that is up, as its guest sees it."""

    url: str
    data_dir: DataDir
    environment: Mapping[str, str]  # that of its children, addresses and secrets included

    @property
    def database_url(self) -> str:
        return self.environment[DATABASE_URL]

    @property
    def redis_url(self) -> str:
        return self.environment[REDIS_URL]


OnReady = Callable[[Stack], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StackOptions:
    """`given` are the settings of the environment; where they speak, the stack has no opinion."""

    data_dir: Path = DEFAULT
    host: str | None = None
    port: int | None = None
    workers: int = 2
    drain: float = 30.0  # seconds the API and the workers may finish what they have at hand
    on_ready: OnReady | None = None
    given: Mapping[str, str] = field(default_factory=given_settings)
    tell: Say = say

    def address(self) -> tuple[str, int]:
        """Where the API listens: as told, as set, or on the loopback address."""
        host = self.host or self.given.get(HOST) or LOOPBACK
        return host, self.port or int(self.given.get(PORT) or _DEFAULT_PORT)


def url_of(host: str, port: int) -> str:
    """Where a person finds it: an address that means "all" is not one to call."""
    shown = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(host, host)  # noqa: S104  # compared with, not bound to
    return f"http://{shown}:{port}"
