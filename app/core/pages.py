"""Lists: `{items, next_cursor}`, ordered by a key and continued behind its last value.

A cursor names the account, the list and its filters, so one of another account or another
list is refused instead of showing the wrong rows.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from app.core.errors import Fault, Invalid

Item = TypeVar("Item")
Row = TypeVar("Row")

DEFAULT_LIMIT = 50
MOST = 1000
_XIDS = 2**63

Limit = Annotated[int, Query(ge=1, le=MOST, description="Items of one page.")]
CursorText = Annotated[
    str | None, Query(max_length=500, description="`next_cursor` of the page before.")
]


class BadCursor(Invalid):
    """The cursor is not one of this list."""


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[Item]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: behind this id, for at most so many items."""

    after: UUID | None
    limit: int
    label: str

    def page(
        self, rows: Sequence[Row], id_of: Callable[[Row], UUID]
    ) -> tuple[Sequence[Row], str | None]:
        """Cut `limit + 1` rows to a page and the cursor of the next."""
        if len(rows) <= self.limit:
            return rows, None
        shown = rows[: self.limit]
        return shown, _encode(self.label, id_of(shown[-1]).hex)

    @property
    def fetch_rows(self) -> int:
        """One more than is shown tells whether there is a next page."""
        return self.limit + 1


@dataclass(frozen=True, slots=True)
class CommitPosition:
    """The same in the order of commits: behind this transaction's row."""

    after: tuple[int, UUID] | None
    limit: int
    label: str

    def cursor_behind(self, xid: int, last: UUID) -> str:
        """The cursor of what comes behind this row, now or one day."""
        return _encode(self.label, str(xid), last.hex)


def position(
    account_id: UUID, name: str, cursor: str | None, limit: int, *filters: object
) -> Position:
    """Read a cursor for the list `name` of this account under these filters.

    Raises:
        BadCursor: it is garbage, or of another account, list or filter.
    """
    label = _label(account_id, name, filters)
    if not cursor:
        return Position(None, limit, label)
    with _read(label, cursor) as parts:
        (last,) = parts
        return Position(UUID(hex=last), limit, label)


def commit_position(
    account_id: UUID, name: str, cursor: str | None, limit: int, *filters: object
) -> CommitPosition:
    """The same for a list in the order of commits; raises BadCursor."""
    label = _label(account_id, name, filters)
    if not cursor:
        return CommitPosition(None, limit, label)
    with _read(label, cursor) as parts:
        xid, last = parts
        if not 0 <= int(xid) < _XIDS:
            raise ValueError("no transaction has this number")
        return CommitPosition((int(xid), UUID(hex=last)), limit, label)


def _label(account_id: UUID, name: str, filters: Sequence[object]) -> str:
    named = "\x1f".join([str(account_id), name, *map(str, filters)])
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def _encode(label: str, *last: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([label, *last]).encode()).decode().rstrip("=")


@contextmanager
def _read(label: str, cursor: str) -> Iterator[list[str]]:
    """What a cursor of this list holds; whatever does not fit, here or within, is no cursor."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        shown, *parts = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        yield parts if shown == label else []
    except (ValueError, TypeError, AttributeError, RecursionError):
        fault = Fault("?cursor", "bad_cursor", "not a cursor of this list")
        raise BadCursor(faults=[fault]) from None
