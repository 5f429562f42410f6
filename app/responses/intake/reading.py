"""What intake reads, each kind in one statement for all items of the transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.driver import Driver, Row
from app.core.ids import uuid_of
from app.models.states import ResponseStatus
from app.people.rules import fold_email
from app.responses.intake.fold import AccountFacts, CampaignFacts, Context, Seen
from app.responses.intake.items import Item, Submission
from app.responses.intake.people import FIELDS, PersonState
from app.responses.intake.records import RecordState
from app.responses.intake.rules import MemberStatus
from app.scoring.schemas import ScoringSettingsDocument

PERSON_COLUMNS = ", ".join(["p.account_id", "p.id", *(f"p.{name}" for name in FIELDS)])
_CAMPAIGNS = """
SELECT jsonb_build_array(w.account_id, w.ref, c.id, c.member_statuses,
                         c.default_responded_status, c.repeat_limit, c.owners) AS doc
  FROM unnest($4::uuid[], $5::text[], $6::uuid[]) AS w(account_id, ref, id)
  JOIN campaigns c ON c.account_id = w.account_id AND"""
# Without attributes: whoever is found is locked and read again, and ten thousand times 16 kB would
# be too large for one value.
_PERSON = f"jsonb_build_array({PERSON_COLUMNS}) AS doc".replace("p.attributes", "'{}'::jsonb")
# One round trip instead of six: what a lone request waits for is mostly trips.
_WORLD = f"""
WITH named AS ({_CAMPAIGNS} c.code = w.ref UNION ALL {_CAMPAIGNS} c.id = w.id),
found AS (
    SELECT {_PERSON} FROM unnest($10::uuid[], $11::uuid[]) AS w(account_id, id)
      JOIN people p ON p.account_id = w.account_id AND p.id = w.id
    UNION ALL
    SELECT {_PERSON} FROM unnest($12::uuid[], $13::text[]) AS w(account_id, external_id)
      JOIN people p ON p.account_id = w.account_id AND p.external_id = w.external_id
    UNION ALL
    SELECT {_PERSON} FROM unnest($14::uuid[], $15::text[]) AS w(account_id, email)
      JOIN people p ON p.account_id = w.account_id AND p.email_folded = w.email
)
SELECT business_now() AS now,
       (SELECT array_agg(id) FROM api_keys
         WHERE account_id = ANY ($1::uuid[]) AND id = ANY ($2::uuid[]) AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > clock_timestamp())) AS keys,
       (SELECT jsonb_agg(jsonb_build_array(w.id, s.document,
               (SELECT r.version FROM rulesets r WHERE r.account_id = w.id AND r.is_active)))
          FROM unnest($3::uuid[]) AS w(id)
          LEFT JOIN scoring_settings s ON s.account_id = w.id) AS accounts,
       (SELECT jsonb_agg(doc) FROM named) AS campaigns,
       (SELECT jsonb_agg(jsonb_build_array(
               k.account_id, k.user_id, k.external_id, k.response_id, r.status))
          FROM unnest($7::uuid[], $8::uuid[], $9::text[]) AS w(account_id, user_id, external_id)
          JOIN intake_keys k USING (account_id, user_id, external_id)
          LEFT JOIN LATERAL (
               SELECT status FROM responses
                WHERE account_id = k.account_id AND id = k.response_id OFFSET 0) r ON true) AS seen,
       (SELECT jsonb_agg(doc) FROM found) AS people
"""
_LOCK_PEOPLE = f"""
SELECT {PERSON_COLUMNS} FROM unnest($1::uuid[], $2::uuid[]) AS w(account_id, id)
  JOIN people p ON p.account_id = w.account_id AND p.id = w.id
 ORDER BY p.id FOR UPDATE OF p
"""
RECORD_COLUMNS = """r.account_id, r.id, r.campaign_id, r.person_id, r.repeat_number,
       r.member_status, r.is_responded, r.status, r.responded_at, r.score, r.attributes,
       r.user_id, r.user_name, r.external_id"""
STATUSES = {status.value: status for status in ResponseStatus}
_RECORDS = f"""
SELECT {RECORD_COLUMNS}
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w(account_id, person_id, campaign_id)
  JOIN responses r USING (account_id, person_id, campaign_id)
"""


@dataclass(frozen=True, slots=True)
class World:
    """What the items of a transaction meet, as it stood a moment ago; nothing of it is locked."""

    live_keys: set[UUID]
    context: Context
    people: list[PersonState]


async def read_world(driver: Driver, submissions: Sequence[Submission]) -> World:
    """Live keys, settings, campaigns, external ids seen, and everyone the items may name."""
    items = [(s.account_id, i) for s in submissions for i in s.items if isinstance(i, Item)]
    row = await driver.fetchrow(_WORLD, *_arguments(submissions, items))
    assert row is not None  # noqa: S101  (a SELECT without FROM)
    return World(
        live_keys=set(row["keys"] or ()),
        context=Context(
            now=row["now"],
            accounts={
                uuid_of(account): AccountFacts(
                    ScoringSettingsDocument.model_validate(document or {}), ruleset
                )
                for account, document, ruleset in row["accounts"] or ()
            },
            campaigns={
                (uuid_of(account), ref): campaign_facts(*facts)
                for account, ref, *facts in row["campaigns"] or ()
            },
            seen={
                (uuid_of(account), uuid_of(user), external): Seen(
                    uuid_of(response), ResponseStatus(status)
                )
                for account, user, external, response, status in row["seen"] or ()
            },
        ),
        people=list({doc[1]: _person_of(doc) for doc in row["people"] or ()}.values()),
    )


def _arguments(
    submissions: Sequence[Submission], items: Sequence[tuple[UUID, Item]]
) -> list[list[Any]]:
    accounts = sorted({sent.account_id for sent in submissions})
    keys = {sent.key_id for sent in submissions if sent.key_id is not None}
    campaigns = {(account, item.given.campaign): None for account, item in items}
    seen = {
        (sent.account_id, sent.user_id, item.given.external_id): None
        for sent in submissions
        for item in sent.items
        if isinstance(item, Item) and item.given.external_id is not None
    }
    people = [(account, item.given.person) for account, item in items]
    ids = {(account, p.id) for account, p in people if p.id is not None}
    externals = {(account, p.external_id) for account, p in people if p.external_id is not None}
    emails = {(account, fold_email(p.email)) for account, p in people if p.email is not None}
    return [
        accounts,
        list(keys),
        accounts,
        *_columns(((account, ref, uuid_in(ref)) for account, ref in campaigns), 3),
        *_columns(seen, 3),
        *_columns(ids, 2),
        *_columns(externals, 2),
        *_columns(emails, 2),
    ]


async def lock_people(driver: Driver, people: Iterable[tuple[UUID, UUID]]) -> list[PersonState]:
    """These people as they stand now, locked by id until the transaction ends."""
    wanted = list(people)
    rows = await driver.fetch(_LOCK_PEOPLE, *_columns(wanted, 2)) if wanted else []
    return [person_state(row) for row in rows]


async def read_records(
    driver: Driver,
    wanted: Iterable[tuple[UUID, UUID, UUID]],
    campaigns: dict[UUID, CampaignFacts],
) -> list[RecordState]:
    """Every record of these (account, person, campaign), of locked people."""
    keys = list(wanted)
    rows = await driver.fetch(_RECORDS, *_columns(keys, 3)) if keys else []
    return [record_state(row, campaigns[row["campaign_id"]]) for row in rows]


def _columns(rows: Iterable[Sequence[Any]], width: int) -> tuple[list[Any], ...]:
    columns: tuple[list[Any], ...] = tuple([] for _ in range(width))
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return columns


def uuid_in(ref: str) -> UUID | None:
    if len(ref) not in (32, 36):
        return None
    try:
        return UUID(ref)
    except ValueError:
        return None


def campaign_facts(
    campaign: str,
    statuses: list[dict[str, Any]],
    default: str,
    repeat_limit: int | None,
    owners: list[str] | None,
) -> CampaignFacts:
    """A campaign as intake needs it, from its columns in this order."""
    return CampaignFacts(
        id=uuid_of(campaign),
        member_statuses={
            s["name"]: MemberStatus(s["name"], s["responded"], s["step"]) for s in statuses
        },
        default=default,
        repeat_limit=repeat_limit,
        owners=owners or [],
    )


def _person_of(doc: list[Any]) -> PersonState:
    stored = dict(zip(FIELDS, doc[2:], strict=True))
    return PersonState(uuid_of(doc[0]), uuid_of(doc[1]), stored, stored)


def person_state(row: Row) -> PersonState:
    """A person from a row that begins with PERSON_COLUMNS."""
    stored = dict(zip(FIELDS, row[2 : 2 + len(FIELDS)], strict=True))
    stored["attributes"] = stored["attributes"] or {}
    return PersonState(row[0], row[1], stored, stored)


def record_state(row: Row, campaign: CampaignFacts) -> RecordState:
    """A record from a row of RECORD_COLUMNS; by position, for a file reads a million of them."""
    account_id, record_id, campaign_id, person_id, number, name, is_responded, word, at, *rest = row
    score, attributes, user_id, user, external_id = rest
    status = STATUSES[word]
    return RecordState(
        account_id=account_id,
        id=record_id,
        campaign_id=campaign_id,
        person_id=person_id,
        repeat_number=number,
        member_status=campaign.member_statuses.get(name) or MemberStatus(name, is_responded, 0),
        status=status,
        responded_at=at,
        score=score,
        attributes=attributes or {},
        user_id=user_id,
        user=user,
        external_id=external_id,
        status_before=status,
    )
