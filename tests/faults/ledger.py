"""What clients know of everything they sent: each attempt, each answer, each silence."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = dict[str, Any]
MARK = "mark"


class Place(NamedTuple):
    """What one item is known by: an external id, or the mark of one without."""

    account: str
    user: str
    mark: str


@dataclass(slots=True)
class Sent:
    """One item, and all that its senders were told of it.

    One without an external id goes under an `Idempotency-Key`, and carries that as an attribute.
    """

    body: Json
    told: list[Json] = field(default_factory=list)

    @property
    def key(self) -> str | None:
        """Its `Idempotency-Key`, if it goes under one."""
        return None if "external_id" in self.body else str(self.body["attributes"][MARK])

    @property
    def mark(self) -> str:
        return self.key or str(self.body["external_id"])


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of rows that an import was answered for: its lines' cells, and its upload."""

    account: str
    user: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    upload_id: str


@dataclass(slots=True)
class Ledger:
    """Of all clients of a test; `improper` is what no client should ever have met."""

    sent: dict[Place, Sent] = field(default_factory=dict)
    files: list[SentFile] = field(default_factory=list)
    # How attempts of customers' code ended, as their runs told.
    code: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    silences: Counter[str] = field(default_factory=Counter)
    improper: list[str] = field(default_factory=list)

    def note(self, account: str, user: str, body: Json) -> Sent:
        """Write an item down before it is sent; sent again, it is still the same item."""
        sent = Sent(body)
        return self.sent.setdefault(Place(account, user, sent.mark), sent)
