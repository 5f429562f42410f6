"""Items of a request: each parsed on its own, so that one bad item spoils no other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic import ValidationError

from app.core.errors import Fault
from app.core.faults import faults_of
from app.core.values import plain
from app.models.states import UploadOperation
from app.responses.intake.said import Said
from app.responses.schemas import PersonIn, ResponseCreate


class Response(Protocol):
    """What a valid item gives, wherever it comes from; see `ResponseCreate`."""

    @property
    def external_id(self) -> str | None: ...
    @property
    def campaign(self) -> str: ...
    @property
    def person(self) -> PersonIn: ...
    @property
    def member_status(self) -> str | None: ...
    @property
    def responded_at(self) -> datetime | None: ...
    @property
    def score(self) -> int | None: ...
    @property
    def attributes(self) -> dict[str, Any] | None: ...
    @property
    def response_prompt(self) -> bool: ...
    @property
    def asks_for_scoring(self) -> bool: ...


# Not frozen: a file has a million of them, and that doubles what making one takes.
@dataclass(slots=True)
class Item:
    """One item that makes sense by itself; whether it fits the account is for the fold."""

    index: int
    given: Response


@dataclass(frozen=True, slots=True)
class Invalid:
    """One item that makes no sense, and where."""

    index: int
    external_id: str | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """The items of one request or upload chunk, and who sent them.

    `size` counts the non-prompt items of the whole request or upload, before duplicates are
    known; it decides whether they are held or scored later. `key_id` is checked again inside the
    transaction; None for work that no key asked for. `said` is what the items, all of them valid,
    say of their people, where that is known by column.
    """

    account_id: UUID
    user_id: UUID
    user: str
    key_id: UUID | None
    items: tuple[Item | Invalid, ...]
    size: int
    priority: int = 0
    operation: UploadOperation = UploadOperation.UPSERT
    said: Said | None = None


def parse_item(raw: Any, index: int, *, within: str = "") -> Item | Invalid:
    """One item from JSON; `within` is the pointer under which it stands."""
    try:
        return Item(index, ResponseCreate.model_validate(raw))
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False), within=within)
        return Invalid(index, _external_id(raw), tuple(faults))


def parse_items(raws: Sequence[Any]) -> tuple[Item | Invalid, ...]:
    """The items of a batch, with pointers into the whole request."""
    return tuple(
        parse_item(raw, index, within=f"/responses/{index}") for index, raw in enumerate(raws)
    )


def size_of(items: Sequence[Item | Invalid]) -> int:
    """How many are not prompts."""
    return sum(1 for i in items if not (isinstance(i, Item) and i.given.response_prompt))


def _external_id(raw: Any) -> str | None:
    """The sender's own id, to find the rejected item by; only if it is harmless text."""
    shown = raw.get("external_id") if isinstance(raw, dict) else None
    if not isinstance(shown, str) or not 0 < len(shown) <= 255:
        return None
    try:
        return plain(shown)
    except ValueError:
        return None
