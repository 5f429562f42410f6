"""What intake writes, each table in one statement for all items of the transaction."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.driver import Driver
from app.models.states import Mode
from app.responses.counters import Delta
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
RETURNING id
"""
_DELETE_PEOPLE = """
DELETE FROM people p USING unnest($1::uuid[], $2::uuid[]) AS w(account_id, id)
 WHERE p.account_id = w.account_id AND p.id = w.id
"""
_UPDATE_PEOPLE = f"""
UPDATE people p SET {", ".join(f"{name} = w.{name}" for name in FIELDS)},
       version = p.version + 1, updated_at = $3
  FROM unnest($1::uuid[], $2::uuid[], {_PLACES}) AS w(account_id, id, {", ".join(FIELDS)})
 WHERE p.account_id = w.account_id AND p.id = w.id
"""
_INSERT_RECORDS = """
INSERT INTO responses
       (account_id, id, campaign_id, person_id, repeat_number, member_status, is_responded, status,
        mode, is_prompt, user_id, user_name, external_id, responded_at, score, attributes,
        received_at)
SELECT w.*, $17 FROM unnest(
       $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::text[], $7::boolean[],
       $8::text[], $9::text[], $10::boolean[], $11::uuid[], $12::text[], $13::text[],
       $14::timestamptz[], $15::bigint[], $16::jsonb[]) AS w
"""
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
 WHERE r.account_id = w.account_id AND r.id = w.id
"""
_INSERT_KEYS = """
INSERT INTO intake_keys (account_id, user_id, external_id, response_id, received_at)
SELECT w.*, $5 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS w
 ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
"""
_INSERT_PENDING = """
INSERT INTO pending_scoring
       (account_id, response_id, campaign_id, person_id, window_id, priority, due_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::smallint[],
                     $7::timestamptz[])
"""


async def insert_people(
    driver: Driver, people: Sequence[PersonState], now: datetime
) -> list[PersonState]:
    """Insert new people; returns those it did, fewer where another transaction was first."""
    if not people:
        return []
    done = {row["id"] for row in await driver.fetch(_INSERT_PEOPLE, *_people(people, now))}
    inserted = [person for person in people if person.id in done]
    for person in inserted:
        person.stored = dict(person.values)
    return inserted


async def delete_people(driver: Driver, people: Sequence[PersonState]) -> None:
    """Take back people whom this transaction has inserted and found to be others."""
    if people:
        accounts, ids = [p.account_id for p in people], [p.id for p in people]
        await driver.execute(_DELETE_PEOPLE, accounts, ids)


async def update_people(driver: Driver, people: Sequence[PersonState], now: datetime) -> None:
    """Write these people's fields; they are locked by this transaction."""
    if people:
        await driver.execute(_UPDATE_PEOPLE, *_people(people, now))


async def write_records(driver: Driver, records: Sequence[RecordState], now: datetime) -> None:
    """Insert the new records and update the changed ones."""
    new = [record for record in records if record.is_new]
    changed = [record for record in records if not record.is_new]
    if new:
        await driver.execute(
            _INSERT_RECORDS,
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
        )
    if changed:
        await driver.execute(
            _UPDATE_RECORDS,
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
        )


async def insert_keys(driver: Driver, keys: Mapping[SeenKey, RecordState], now: datetime) -> bool:
    """Remember the external ids; False if another transaction remembered one first."""
    if not keys:
        return True
    done = await driver.execute(
        _INSERT_KEYS,
        [account for account, _, _ in keys],
        [user for _, user, _ in keys],
        [external for _, _, external in keys],
        [record.id for record in keys.values()],
        now,
    )
    return int(done.rsplit(" ", 1)[1]) == len(keys)


async def insert_pending(
    driver: Driver, rows: Iterable[tuple[RecordState, UUID | None, datetime | None]]
) -> None:
    """Queue responses for scoring: (record, its window if held, when due if not)."""
    waiting = list(rows)
    if waiting:
        await driver.execute(
            _INSERT_PENDING,
            [record.account_id for record, _, _ in waiting],
            [record.id for record, _, _ in waiting],
            [record.campaign_id for record, _, _ in waiting],
            [record.person_id for record, _, _ in waiting],
            [window for _, window, _ in waiting],
            [record.priority for record, _, _ in waiting],
            [due for _, _, due in waiting],
        )


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
