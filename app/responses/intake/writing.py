"""What intake writes: each table once, all of them in one statement, all items together.

Every table is a part of the statement, with the number of rows it is to write. Where another
transaction was first (the same new person, the same external id) fewer rows come back, and the
whole transaction is done again. The parts run in the order of `Draft`, which is the order of locks.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from app.core.driver import Driver
from app.models.states import Mode
from app.responses.counters import APPEND, Delta
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
ON CONFLICT DO NOTHING"""
_UPDATE_PEOPLE = f"""
UPDATE people p SET {", ".join(f"{name} = w.{name}" for name in FIELDS)},
       version = p.version + 1, updated_at = $3
  FROM unnest($1::uuid[], $2::uuid[], {_PLACES}) AS w(account_id, id, {", ".join(FIELDS)})
 WHERE p.account_id = w.account_id AND p.id = w.id"""
_INSERT_RECORDS = """
INSERT INTO responses
       (account_id, id, campaign_id, person_id, repeat_number, member_status, is_responded, status,
        mode, is_prompt, user_id, user_name, external_id, responded_at, score, attributes,
        received_at)
SELECT w.*, $17 FROM unnest(
       $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::text[], $7::boolean[],
       $8::text[], $9::text[], $10::boolean[], $11::uuid[], $12::text[], $13::text[],
       $14::timestamptz[], $15::bigint[], $16::jsonb[]) AS w"""
_UPDATE_RECORDS = """
UPDATE responses r
   SET member_status = w.member_status, is_responded = w.is_responded, status = w.status,
       mode = w.mode, is_prompt = w.is_prompt, user_id = w.user_id, user_name = w.user_name,
       external_id = coalesce(w.external_id, r.external_id), responded_at = w.responded_at,
       score = coalesce(w.score, r.score), attributes = w.attributes, received_at = $13
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::boolean[], $5::text[], $6::text[],
              $7::boolean[], $8::uuid[], $9::text[], $10::text[], $11::timestamptz[],
              $12::bigint[], $14::jsonb[])
       AS w(account_id, id, member_status, is_responded, status, mode, is_prompt, user_id,
            user_name, external_id, responded_at, score, attributes)
 WHERE r.account_id = w.account_id AND r.id = w.id"""
_INSERT_KEYS = """
INSERT INTO intake_keys (account_id, user_id, external_id, response_id, received_at)
SELECT w.*, $5 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS w
 ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING"""
_INSERT_PENDING = """
INSERT INTO pending_scoring
       (account_id, response_id, campaign_id, person_id, window_id, priority, due_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::smallint[],
                     $7::timestamptz[])"""
_PARTS = {
    "born": _INSERT_PEOPLE,
    "merged": _UPDATE_PEOPLE,
    "recorded": _INSERT_RECORDS,
    "advanced": _UPDATE_RECORDS,
    "remembered": _INSERT_KEYS,
    "queued": _INSERT_PENDING,
    "counted": APPEND,
}
_PLACE = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Queued:
    """A response that waits for scoring: in its window if held, else from when it is due."""

    record: RecordState
    window_id: UUID | None
    due_at: datetime | None


@dataclass(slots=True)
class Draft:
    """Everything one intake transaction is to write, by table."""

    now: datetime
    parts: dict[str, list[Any]] = field(default_factory=dict)
    expected: dict[str, int] = field(default_factory=dict)

    def _part(self, name: str, rows: int, columns: Sequence[Any]) -> None:
        if rows:
            self.parts[name], self.expected[name] = list(columns), rows

    def people(self, new: Sequence[PersonState], changed: Sequence[PersonState]) -> None:
        """Insert the new people; write the fields of the changed, who are locked."""
        self._part("born", len(new), _people(new, self.now))
        self._part("merged", len(changed), _people(changed, self.now))

    def records(self, touched: Sequence[RecordState]) -> None:
        """Insert the new records and update the changed ones."""
        new = [record for record in touched if record.is_new]
        changed = [record for record in touched if not record.is_new]
        self._part("recorded", len(new), _new_records(new, self.now))
        self._part("advanced", len(changed), _changed_records(changed, self.now))

    def keys(self, keys: Mapping[SeenKey, RecordState]) -> None:
        """Remember the external ids."""
        columns = [
            [account for account, _, _ in keys],
            [user for _, user, _ in keys],
            [external for _, _, external in keys],
            [record.id for record in keys.values()],
            self.now,
        ]
        self._part("remembered", len(keys), columns)

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
        self._part("queued", len(waiting), columns)

    def counts(self, deltas: Sequence[Delta]) -> None:
        """Append changes of counts."""
        kept = [delta for delta in deltas if delta[3]]
        self._part("counted", len(kept), [list(column) for column in zip(*kept, strict=True)])

    async def write(self, driver: Driver) -> bool:
        """Write it all; False if another transaction was first somewhere."""
        names = tuple(name for name in _PARTS if name in self.parts)
        if not names:
            return True
        arguments = [argument for name in names for argument in self.parts[name]]
        widths = tuple(len(self.parts[name]) for name in names)
        written = await driver.fetchrow(_statement(names, widths), *arguments)
        return written is not None and dict(written) == self.expected


@lru_cache(maxsize=128)
def _statement(names: tuple[str, ...], widths: tuple[int, ...]) -> str:
    """The parts as one statement that says how many rows each has written, in this order."""
    parts, shift = [], 0
    for name, width in zip(names, widths, strict=True):
        sql = _PLACE.sub(partial(_shifted, by=shift), _PARTS[name])
        parts.append(f"{name} AS ({sql} RETURNING 1)")
        shift += width
    counts = ", ".join(f"(SELECT count(*) FROM {name}) AS {name}" for name in names)
    return f"WITH {', '.join(parts)} SELECT {counts}"


def _shifted(place: re.Match[str], by: int) -> str:
    return f"${int(place[1]) + by}"


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
