"""What intake writes: each table once, all of them in one statement, all items together.

Where another transaction was first (the same new person, the same external id) a table gets fewer
rows than it is to have, and the whole transaction is done again.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.driver import Driver
from app.core.statements import Parts
from app.models.states import Mode
from app.responses.counters import Delta, add_deltas
from app.responses.intake.fold import SeenKey
from app.responses.intake.people import FIELDS, PersonState
from app.responses.intake.records import RecordState

_FIELD_TYPES = {"score": "bigint", "attributes": "jsonb"} | dict.fromkeys(
    ("opted_out", "email_opted_out", "sms_opted_out"), "boolean"
)
_PLACES = ", ".join(
    f"${position}::{_FIELD_TYPES.get(name, 'text')}[]"
    for position, name in enumerate(FIELDS, start=4)
)
_INSERT_PEOPLE = f"""
INSERT INTO people (account_id, id, {", ".join(FIELDS)}, version, created_at, updated_at)
SELECT account_id, id, {", ".join(FIELDS)}, 1, $3, $3
  FROM unnest($1::uuid[], $2::uuid[], {_PLACES}) AS w(account_id, id, {", ".join(FIELDS)})
 ORDER BY external_id, email_folded
ON CONFLICT DO NOTHING
RETURNING 1"""
_UPDATE_PEOPLE = f"""
UPDATE people p SET {", ".join(f"{name} = w.{name}" for name in FIELDS)},
       version = p.version + 1, updated_at = $3
  FROM unnest($1::uuid[], $2::uuid[], {_PLACES}) AS w(account_id, id, {", ".join(FIELDS)})
 WHERE p.account_id = w.account_id AND p.id = w.id
RETURNING 1"""
_INSERT_RECORDS = """
INSERT INTO responses
       (account_id, id, campaign_id, person_id, repeat_number, member_status, is_responded, status,
        mode, is_prompt, user_id, user_name, external_id, responded_at, score, attributes,
        received_at)
SELECT w.*, $17 FROM unnest(
       $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::text[], $7::boolean[],
       $8::text[], $9::text[], $10::boolean[], $11::uuid[], $12::text[], $13::text[],
       $14::timestamptz[], $15::bigint[], $16::jsonb[]) AS w
RETURNING 1"""
_UPDATE_RECORDS = """
UPDATE responses r
   SET member_status = w.member_status, is_responded = w.is_responded, status = w.status,
       mode = w.mode, is_prompt = w.is_prompt, user_id = w.user_id, user_name = w.user_name,
       -- An id is its sender's: without one, another sender does not take over the last one's.
       external_id = coalesce(w.external_id,
                              CASE WHEN r.user_id = w.user_id THEN r.external_id END),
       responded_at = w.responded_at,
       score = coalesce(w.score, r.score), attributes = w.attributes, received_at = $13
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::boolean[], $5::text[], $6::text[],
              $7::boolean[], $8::uuid[], $9::text[], $10::text[], $11::timestamptz[],
              $12::bigint[], $14::jsonb[])
       AS w(account_id, id, member_status, is_responded, status, mode, is_prompt, user_id,
            user_name, external_id, responded_at, score, attributes)
 WHERE r.account_id = w.account_id AND r.id = w.id
RETURNING 1"""
_INSERT_KEYS = """
INSERT INTO intake_keys (account_id, user_id, external_id, response_id, received_at)
SELECT w.*, $5 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS w
 ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
RETURNING 1"""
_INSERT_PENDING = """
INSERT INTO pending_scoring
       (account_id, response_id, campaign_id, person_id, window_id, priority, due_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::smallint[],
                     $7::timestamptz[])
RETURNING 1"""


@dataclass(frozen=True, slots=True)
class Queued:
    """A response that waits for scoring: in its window if held, else from when it is due."""

    record: RecordState
    window_id: UUID | None
    due_at: datetime | None


class Draft:
    """Everything one intake transaction is to write, by table, in the order of locks."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._parts = Parts()

    def _part(self, name: str, sql: str, rows: int, columns: Sequence[Any]) -> None:
        if rows:
            self._parts.add(name, sql, *columns, rows=rows)

    def people(self, new: Sequence[PersonState], changed: Sequence[PersonState]) -> None:
        """Insert the new people; write the fields of the changed, who are locked."""
        self._part("born", _INSERT_PEOPLE, len(new), _people(new, self._now))
        self._part("merged", _UPDATE_PEOPLE, len(changed), _people(changed, self._now))

    def records(self, touched: Sequence[RecordState]) -> None:
        """Insert the new records and update the changed ones."""
        new = [record for record in touched if record.is_new]
        changed = [record for record in touched if not record.is_new]
        self._part("recorded", _INSERT_RECORDS, len(new), _new_records(new, self._now))
        self._part("advanced", _UPDATE_RECORDS, len(changed), _changed_records(changed, self._now))

    def keys(self, keys: Mapping[SeenKey, RecordState]) -> None:
        """Remember the external ids."""
        columns = [
            [account for account, _, _ in keys],
            [user for _, user, _ in keys],
            [external for _, _, external in keys],
            [record.id for record in keys.values()],
            self._now,
        ]
        self._part("remembered", _INSERT_KEYS, len(keys), columns)

    def queue(self, waiting: Sequence[Queued]) -> None:
        """Queue responses for scoring."""
        columns = [
            [queued.record.account_id for queued in waiting],
            [queued.record.id for queued in waiting],
            [queued.record.campaign_id for queued in waiting],
            [queued.record.person_id for queued in waiting],
            [queued.window_id for queued in waiting],
            [queued.record.priority for queued in waiting],
            [queued.due_at for queued in waiting],
        ]
        self._part("queued", _INSERT_PENDING, len(waiting), columns)

    def counts(self, deltas: Sequence[Delta]) -> None:
        """Append changes of counts."""
        add_deltas(self._parts, deltas)

    async def write(self, driver: Driver) -> bool:
        """Write it all; False if another transaction was first somewhere."""
        return await self._parts.write(driver)


def _new_records(new: Sequence[RecordState], now: datetime) -> list[Any]:
    return [
        [r.account_id for r in new],
        [r.id for r in new],
        [r.campaign_id for r in new],
        [r.person_id for r in new],
        [r.repeat_number for r in new],
        [r.member_status.name for r in new],
        [r.member_status.responded for r in new],
        [r.status.value for r in new],
        [_mode(r) for r in new],
        [r.is_prompt for r in new],
        [r.user_id for r in new],
        [r.user for r in new],
        [r.external_id for r in new],
        [r.responded_at for r in new],
        [r.score for r in new],
        [json.dumps(r.attributes) for r in new],
        now,
    ]


def _changed_records(changed: Sequence[RecordState], now: datetime) -> list[Any]:
    return [
        [r.account_id for r in changed],
        [r.id for r in changed],
        [r.member_status.name for r in changed],
        [r.member_status.responded for r in changed],
        [r.status.value for r in changed],
        [_mode(r) for r in changed],
        [r.is_prompt for r in changed],
        [r.user_id for r in changed],
        [r.user for r in changed],
        [r.external_id for r in changed],
        [r.responded_at for r in changed],
        [r.score for r in changed],
        now,
        [json.dumps(r.attributes) for r in changed],
    ]


def deltas_of(records: Iterable[RecordState]) -> list[Delta]:
    """How the counts of each campaign change by these records."""
    counts: Counter[tuple[UUID, UUID, Any]] = Counter()
    for record in records:
        counts[record.account_id, record.campaign_id, record.status] += 1
        if record.status_before is not None:
            counts[record.account_id, record.campaign_id, record.status_before] -= 1
    return [(*place, n) for place, n in counts.items()]


def _mode(record: RecordState) -> str:
    return (record.scheduling.mode if record.scheduling else Mode.SYNCHRONOUS).value


def _people(people: Sequence[PersonState], now: datetime) -> list[Any]:
    columns = {name: [person.values[name] for person in people] for name in FIELDS}
    columns["attributes"] = [json.dumps(attributes) for attributes in columns["attributes"]]
    return [
        [person.account_id for person in people],
        [person.id for person in people],
        now,
        *columns.values(),
    ]
