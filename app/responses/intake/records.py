"""The campaign-member records of one transaction, in memory. Pure."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.models.states import ResponseStatus
from app.responses.intake.rules import MemberStatus, Scheduling


@dataclass(slots=True)
class RecordState:
    """One record as it stands within the transaction; `scheduling` is set once it responded."""

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


Key = tuple[UUID, UUID, UUID]


class NotRead(Exception):
    """The fold came to a person whose records were not read: somebody changed who is who."""


class Records:
    """Records by account, person and campaign; the latest has the highest repeat number.

    Without `read`, a rehearsal: nothing is there, and `asked` gathers what will have to be read.
    """

    def __init__(self, read: Collection[Key] | None = None) -> None:
        self._found: dict[Key, list[RecordState]] = defaultdict(list)
        self._read = read
        self.asked: set[Key] = set()

    def add(self, record: RecordState) -> None:
        self._found[record.account_id, record.person_id, record.campaign_id].append(record)

    def latest(self, key: Key) -> RecordState | None:
        self._ask(key)
        return max(self._found.get(key, ()), key=lambda r: r.repeat_number, default=None)

    def at(self, key: Key, member_status: str, moment: datetime) -> RecordState | None:
        """The record with this member status and moment; how senders without ids repeat."""
        self._ask(key)
        for record in self._found.get(key, ()):
            if record.member_status.name == member_status and record.responded_at == moment:
                return record
        return None

    def touched(self) -> list[RecordState]:
        """Every record that this transaction has to write."""
        return [r for found in self._found.values() for r in found if r.is_new or r.is_changed]

    def _ask(self, key: Key) -> None:
        self.asked.add(key)
        if self._read is not None and key not in self._read:
            raise NotRead
