"""The campaign-member records of one transaction, in memory. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from app.core.values import json_of
from app.models.states import ResponseStatus
from app.responses.intake.rules import MemberStatus, Scheduling

# The rank in a lane of what came by a file; single and small requests go before it.
UPLOADED = 1


@dataclass(slots=True)
class Scored:
    """Every part of a record's score.

    `matched` are positions of rules in that version, as PostgreSQL writes an array: they come from
    there, and go back as they are.
    """

    total: int
    person: int
    campaign: int
    rules: int
    matched: str | None
    version: int | None


@dataclass(slots=True)
class RecordState:
    """One record as it stands within the transaction; `scheduling` is set once it responded.

    `scored` is set where the transaction itself scores it; `waits_until` where it then waits for a
    better score.
    """

    account_id: UUID
    id: UUID
    campaign_id: UUID
    person_id: UUID
    repeat_number: int
    member_status: MemberStatus
    status: ResponseStatus
    responded_at: datetime
    score: int | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    user_id: UUID | None = None
    user: str = ""
    external_id: str | None = None
    is_prompt: bool = False
    priority: int = 0
    scheduling: Scheduling | None = None
    is_new: bool = False
    is_changed: bool = False
    status_before: ResponseStatus | None = None
    scored: Scored | None = None
    waits_until: datetime | None = None
    _written_attributes: str | None = None

    @property
    def attributes_json(self) -> str:
        """The attributes as they are sent; only once the fold is over, for it is kept."""
        if self._written_attributes is None:
            self._written_attributes = json_of(self.attributes)
        return self._written_attributes

    def keep_attributes(self, written: str) -> None:
        """Take what was written of them already."""
        self._written_attributes = written

    @property
    def is_of_a_file(self) -> bool:
        return self.priority == UPLOADED


Key = tuple[UUID, UUID, UUID]
_repeat_number = attrgetter("repeat_number")


class Records:
    """Records by account, person and campaign; the latest has the highest repeat number.

    What was not read looks as if it were not there; `asked` gathers what a fold has to know.
    """

    def __init__(self, found: Iterable[RecordState] = ()) -> None:
        self._found: dict[Key, list[RecordState]] = defaultdict(list)
        self.asked: set[Key] = set()
        for record in found:
            self.add(record)

    def add(self, record: RecordState) -> None:
        self._found[record.account_id, record.person_id, record.campaign_id].append(record)

    def latest(self, key: Key) -> RecordState | None:
        self.asked.add(key)
        found = self._found.get(key)
        if not found:
            return None
        return found[0] if len(found) == 1 else max(found, key=_repeat_number)

    def at(self, key: Key, member_status: str, moment: datetime) -> RecordState | None:
        """The record with this member status and moment; how senders without ids repeat."""
        self.asked.add(key)
        for record in self._found.get(key, ()):
            if record.member_status.name == member_status and record.responded_at == moment:
                return record
        return None

    def touched(self) -> list[RecordState]:
        """Every record that this transaction has to write."""
        return [r for found in self._found.values() for r in found if r.is_new or r.is_changed]
