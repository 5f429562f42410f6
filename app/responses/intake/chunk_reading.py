"""What a chunk of a file's rows meets: the same as a request's, of one account and one sender.

Whoever is read without a lock is read with the version of the row, to be held against it later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.driver import Driver
from app.core.ids import uuid_of
from app.core.rowsets import as_texts
from app.models.states import ResponseStatus
from app.responses.intake.fold import AccountFacts, CampaignFacts, Context, Seen
from app.responses.intake.items import Item, Submission
from app.responses.intake.naming import COLUMNS, FOUND, Named, Names
from app.responses.intake.people import PersonState
from app.responses.intake.reading import (
    PERSON_COLUMNS,
    RECORD_COLUMNS,
    campaign_facts,
    person_state,
    record_state,
    uuid_in,
)
from app.responses.intake.records import RecordState
from app.scoring.kept import settings_of

_CAMPAIGN = """
SELECT jsonb_build_array(w.ref, c.id, c.member_statuses, c.default_responded_status,
                         c.repeat_limit, c.owners) AS doc
  FROM unnest($5::text[], $6::uuid[]) AS w(ref, id)
 CROSS JOIN LATERAL (SELECT * FROM campaigns WHERE account_id = $1 AND {found} OFFSET 0) c
"""
# Row by row (OFFSET 0), and records by their person (IS TRUE): while the tables are young, the
# planner would read the whole account, or the whole campaign, for each.
_SEEN = """
SELECT jsonb_agg(jsonb_build_array(k.external_id, k.response_id, r.status))
  FROM unnest($3::text[]) AS w(external_id)
 CROSS JOIN LATERAL (
       SELECT external_id, response_id FROM intake_keys
        WHERE account_id = $1 AND user_id = $2 AND external_id = w.external_id
       OFFSET 0) k
  LEFT JOIN LATERAL (
       SELECT status FROM responses
        WHERE account_id = $1 AND id = k.response_id OFFSET 0) r ON true
"""
_WORLD = f"""
SELECT business_now() AS now,
       (SELECT document FROM scoring_settings WHERE account_id = $1) AS settings,
       (SELECT version FROM rulesets WHERE account_id = $1 AND is_active) AS ruleset,
       (SELECT jsonb_agg(doc) FROM ({_CAMPAIGN.format(found="code = w.ref")}
         UNION ALL {_CAMPAIGN.format(found="id = w.id")}) named) AS campaigns,
       ({_SEEN.replace("$3", "$8").replace("$2", "$7")}) AS seen,
       {COLUMNS} {FOUND}
"""
# Nobody's attributes are the rule, and taking "{}" apart a thousand times is not free.
_PERSON = PERSON_COLUMNS.replace("p.attributes", "nullif(p.attributes, '{}')")
_READ = f"""
SELECT {_PERSON}, p.version FROM people p
 WHERE p.account_id = $1 AND p.id = ANY ($2::uuid[])
"""
# Sorted as text, so that no index yields the order: the planner would walk all of it.
_IN_ORDER = 'ORDER BY p.id::text COLLATE "C" FOR UPDATE'
_LOCK = f"{_READ} {_IN_ORDER}"
_HOLD = f"""
SELECT p.id, p.version FROM people p WHERE p.account_id = $1 AND p.id = ANY ($2::uuid[])
 {_IN_ORDER}"""
# Of those beside, only who is not as it was: nearly all are, and a file has a million of them.
_HOLD_AT_ONCE = f"""
WITH held AS ({_HOLD} SKIP LOCKED)
SELECT id, version FROM held
 UNION ALL
SELECT w.id, p.version
  FROM unnest($3::uuid[], $4::integer[]) AS w(id, version)
  LEFT JOIN LATERAL (
       SELECT version FROM people WHERE account_id = $1 AND id = w.id OFFSET 0) p ON true
 WHERE p.version IS DISTINCT FROM w.version"""
_FULL_RECORDS = f"""
SELECT r.* FROM unnest($2::uuid[]) AS w(person_id) CROSS JOIN LATERAL (
       SELECT {RECORD_COLUMNS} FROM responses r
        WHERE account_id = $1 AND person_id = w.person_id
          AND (campaign_id = ANY ($3::uuid[])) IS TRUE OFFSET 0) r
"""
_RECORDS = _FULL_RECORDS.replace("r.attributes", "NULL::jsonb")


@dataclass(frozen=True, slots=True)
class ChunkWorld:
    """What is read before anything is locked."""

    context: Context
    named: Named


async def read_chunk_world(
    driver: Driver, submission: Submission, *, has_names: bool = True
) -> ChunkWorld:
    """Settings, campaigns, external ids seen, and who may be meant; nobody without names."""
    account_id, user_id = submission.account_id, submission.user_id
    given = [item.given for item in submission.items if isinstance(item, Item)]
    refs = list({one.campaign for one in given})
    names = Names.of([one.person for one in given] if has_names else ())
    keys = list({one.external_id for one in given if one.external_id is not None})
    sql, (external_ids, emails, keys_given) = _world(names.external_ids, names.emails, keys)
    row = await driver.fetchrow(
        sql,
        account_id,
        names.ids,
        external_ids,
        emails,
        refs,
        [uuid_in(ref) for ref in refs],
        user_id,
        keys_given,
    )
    assert row is not None  # noqa: S101  (a SELECT without FROM)
    settings = settings_of(account_id, row["settings"])
    context = Context(
        now=row["now"],
        accounts={account_id: AccountFacts(settings, row["ruleset"])},
        campaigns={
            (account_id, ref): campaign_facts(*facts) for ref, *facts in row["campaigns"] or ()
        },
        seen={(account_id, user_id, key): seen for key, seen in _seen(row["seen"]).items()},
    )
    return ChunkWorld(context, names.found(row))


def _world(*texts: list[Any]) -> tuple[str, list[Any]]:
    """The statement, and what it is given of external ids, addresses and the rows' own ids."""
    sql, arguments = _WORLD, []
    for at, values in zip((3, 4, 8), texts, strict=True):
        way, argument = as_texts(values, at)
        sql = sql.replace(f"${at}::text[]", way)
        arguments.append(argument)
    return sql, arguments


async def read_seen(
    driver: Driver, submission: Submission, external_ids: Sequence[str]
) -> dict[str, Seen]:
    """Which of these external ids of rows were seen before, and what they led to."""
    found = await driver.fetchval(_SEEN, submission.account_id, submission.user_id, external_ids)
    return _seen(found)


async def read_people_of(
    driver: Driver, account_id: UUID, people: Sequence[UUID]
) -> list[PersonState]:
    """These people of an account as they stood a moment ago."""
    return await _people(driver, _READ, account_id, people)


async def lock_people_of(
    driver: Driver, account_id: UUID, people: Sequence[UUID]
) -> list[PersonState]:
    """These people of an account as they stand now, locked by id until the transaction ends."""
    return await _people(driver, _LOCK, account_id, people)


async def hold_people(
    driver: Driver,
    account_id: UUID,
    people: Iterable[PersonState],
    *,
    may_wait: bool,
    beside: Iterable[PersonState] = (),
) -> bool:
    """Lock people who were read before; False if one was written since, or is held by others.

    Args:
        may_wait: wait for others; only before the transaction has locked anybody, so without
            `beside`.
        beside: who is not to be locked, but must not have been written either.
    """
    held = {person.id: person.version for person in people}
    others = {person.id: person.version for person in beside}
    if not held and not others:
        return True
    if may_wait:
        rows = await driver.fetch(_HOLD, account_id, list(held))
    else:
        rows = await driver.fetch(
            _HOLD_AT_ONCE, account_id, list(held), list(others), list(others.values())
        )
    return held == {row["id"]: row["version"] for row in rows}


async def read_records_of(
    driver: Driver,
    account_id: UUID,
    people: Sequence[UUID],
    campaigns: Mapping[UUID, CampaignFacts],
    *,
    is_full: bool,
) -> list[RecordState]:
    """Every record of these people in these campaigns.

    Args:
        is_full: with their attributes, which only matter where a record is to be changed.
    """
    if not people or not campaigns:
        return []
    sql = _FULL_RECORDS if is_full else _RECORDS
    rows = await driver.fetch(sql, account_id, people, list(campaigns))
    return [record_state(row, campaigns[row["campaign_id"]]) for row in rows]


async def _people(
    driver: Driver, sql: str, account_id: UUID, people: Sequence[UUID]
) -> list[PersonState]:
    found = []
    for row in await driver.fetch(sql, account_id, people) if people else ():
        person = person_state(row)
        person.version = row["version"]
        found.append(person)
    return found


def _seen(found: Iterable[tuple[str, str, str]] | None) -> dict[str, Seen]:
    return {
        external_id: Seen(uuid_of(response), ResponseStatus(status))
        for external_id, response, status in found or ()
    }
