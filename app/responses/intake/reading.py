"""What intake reads, each kind in one statement for all items of the transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.driver import Driver, Row
from app.models.states import ResponseStatus
from app.people.rules import fold_email
from app.responses.intake.fold import AccountFacts, CampaignFacts, Seen, SeenKey
from app.responses.intake.items import Item, Submission
from app.responses.intake.people import FIELDS, PersonState
from app.responses.intake.records import RecordState
from app.responses.intake.rules import MemberStatus
from app.scoring.schemas import ScoringSettingsDocument

_ACCOUNTS = """
SELECT w.id, s.document,
       (SELECT r.version FROM rulesets r WHERE r.account_id = w.id AND r.is_active) AS ruleset
  FROM unnest($1::uuid[]) AS w(id) LEFT JOIN scoring_settings s ON s.account_id = w.id
"""
_LIVE_KEYS = """
SELECT id FROM api_keys
 WHERE account_id = ANY ($1::uuid[]) AND id = ANY ($2::uuid[]) AND revoked_at IS NULL
   AND (expires_at IS NULL OR expires_at > clock_timestamp())
"""
_TURNS = """
SELECT pg_advisory_xact_lock(turn) FROM (
    SELECT hashtextextended('intake ' || id, 0) AS turn FROM unnest($1::uuid[]) AS w(id) ORDER BY 1
) AS turns
"""
_CAMPAIGNS = """
SELECT w.account_id, w.ref, c.id, c.member_statuses, c.default_responded_status, c.repeat_limit
  FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS w(account_id, ref, id)
  JOIN campaigns c ON c.account_id = w.account_id AND c.code = w.ref
UNION ALL
SELECT w.account_id, w.ref, c.id, c.member_statuses, c.default_responded_status, c.repeat_limit
  FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS w(account_id, ref, id)
  JOIN campaigns c ON c.account_id = w.account_id AND c.id = w.id
"""
_SEEN = """
SELECT k.account_id, k.user_id, k.external_id, k.response_id, r.status
  FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS w(account_id, user_id, external_id)
  JOIN intake_keys k USING (account_id, user_id, external_id)
  LEFT JOIN responses r ON r.account_id = k.account_id AND r.id = k.response_id
"""
_COLUMNS = ", ".join(["p.account_id", "p.id", *(f"p.{name}" for name in FIELDS)])
_FIND_PEOPLE = f"""
SELECT {_COLUMNS} FROM unnest($1::uuid[], $2::uuid[]) AS w(account_id, id)
  JOIN people p ON p.account_id = w.account_id AND p.id = w.id
UNION ALL
SELECT {_COLUMNS} FROM unnest($3::uuid[], $4::text[]) AS w(account_id, external_id)
  JOIN people p ON p.account_id = w.account_id AND p.external_id = w.external_id
UNION ALL
SELECT {_COLUMNS} FROM unnest($5::uuid[], $6::text[]) AS w(account_id, email)
  JOIN people p ON p.account_id = w.account_id AND p.email_folded = w.email
"""
_LOCK_PEOPLE = f"""
SELECT {_COLUMNS} FROM unnest($1::uuid[], $2::uuid[]) AS w(account_id, id)
  JOIN people p ON p.account_id = w.account_id AND p.id = w.id
 ORDER BY p.id FOR UPDATE OF p
"""
_RECORDS = """
SELECT r.account_id, r.id, r.campaign_id, r.person_id, r.repeat_number, r.member_status,
       r.is_responded, r.status, r.responded_at, r.attributes
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w(account_id, person_id, campaign_id)
  JOIN responses r USING (account_id, person_id, campaign_id)
"""


async def read_accounts(driver: Driver, accounts: Sequence[UUID]) -> dict[UUID, AccountFacts]:
    """Settings and active ruleset of each account."""
    rows = await driver.fetch(_ACCOUNTS, list(accounts))
    return {
        row["id"]: AccountFacts(
            ScoringSettingsDocument.model_validate(row["document"] or {}), row["ruleset"]
        )
        for row in rows
    }


async def read_live_keys(driver: Driver, submissions: Iterable[Submission]) -> set[UUID]:
    """Which of the API keys behind these submissions may still be used."""
    shown = {(s.account_id, s.key_id) for s in submissions if s.key_id is not None}
    if not shown:
        return set()
    accounts, keys = _columns(shown, 2)
    return {row["id"] for row in await driver.fetch(_LIVE_KEYS, accounts, keys)}


async def wait_for_turn(driver: Driver, accounts: Iterable[UUID]) -> None:
    """Go one after the other with whoever else calls this for the same accounts."""
    await driver.execute(_TURNS, list(accounts))


async def read_campaigns(
    driver: Driver, wanted: Iterable[tuple[UUID, str]]
) -> dict[tuple[UUID, str], CampaignFacts]:
    """Campaigns by what the items call them: an id wins over another campaign's equal code."""
    refs = [(account, ref, _uuid(ref)) for account, ref in wanted]
    rows = await driver.fetch(_CAMPAIGNS, *_columns(refs, 3)) if refs else []
    return {(row["account_id"], row["ref"]): _campaign(row) for row in rows}


async def read_seen(driver: Driver, wanted: Iterable[SeenKey]) -> dict[SeenKey, Seen]:
    """Which external ids were taken in before, and what became of them."""
    keys = list(wanted)
    rows = await driver.fetch(_SEEN, *_columns(keys, 3)) if keys else []
    return {
        (row["account_id"], row["user_id"], row["external_id"]): Seen(
            row["response_id"], ResponseStatus(row["status"])
        )
        for row in rows
    }


async def find_people(driver: Driver, items: Iterable[tuple[UUID, Item]]) -> list[PersonState]:
    """Everyone the items may name, as they stood a moment ago; takes no lock."""
    ids, externals, emails = set(), set(), set()
    for account, item in items:
        person = item.given.person
        if person.id is not None:
            ids.add((account, person.id))
        if person.external_id is not None:
            externals.add((account, person.external_id))
        if person.email is not None:
            emails.add((account, fold_email(person.email)))
    rows = await driver.fetch(
        _FIND_PEOPLE, *_columns(ids, 2), *_columns(externals, 2), *_columns(emails, 2)
    )
    found = {row["id"]: row for row in rows}
    return [_person(row) for row in found.values()]


async def lock_people(driver: Driver, people: Iterable[tuple[UUID, UUID]]) -> list[PersonState]:
    """These people as they stand now, locked by id until the transaction ends."""
    wanted = list(people)
    rows = await driver.fetch(_LOCK_PEOPLE, *_columns(wanted, 2)) if wanted else []
    return [_person(row) for row in rows]


async def read_records(
    driver: Driver,
    wanted: Iterable[tuple[UUID, UUID, UUID]],
    campaigns: dict[UUID, CampaignFacts],
) -> list[RecordState]:
    """Every record of these (account, person, campaign), of locked people."""
    keys = list(wanted)
    rows = await driver.fetch(_RECORDS, *_columns(keys, 3)) if keys else []
    return [_record(row, campaigns[row["campaign_id"]]) for row in rows]


def _columns(rows: Iterable[Sequence[Any]], width: int) -> tuple[list[Any], ...]:
    columns: tuple[list[Any], ...] = tuple([] for _ in range(width))
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return columns


def _uuid(ref: str) -> UUID | None:
    if len(ref) not in (32, 36):
        return None
    try:
        return UUID(ref)
    except ValueError:
        return None


def _campaign(row: Row) -> CampaignFacts:
    statuses = row["member_statuses"]
    return CampaignFacts(
        id=row["id"],
        member_statuses={
            s["name"]: MemberStatus(s["name"], s["responded"], s["step"]) for s in statuses
        },
        default=row["default_responded_status"],
        repeat_limit=row["repeat_limit"],
    )


def _person(row: Row) -> PersonState:
    stored = {name: row[name] for name in FIELDS}
    return PersonState(row["account_id"], row["id"], dict(stored), stored)


def _record(row: Row, campaign: CampaignFacts) -> RecordState:
    name: str = row["member_status"]
    gone = MemberStatus(name, row["is_responded"], 0)
    received: datetime = row["responded_at"]
    status = ResponseStatus(row["status"])
    return RecordState(
        account_id=row["account_id"],
        id=row["id"],
        campaign_id=row["campaign_id"],
        person_id=row["person_id"],
        repeat_number=row["repeat_number"],
        member_status=campaign.member_statuses.get(name, gone),
        status=status,
        responded_at=received,
        attributes=row["attributes"],
        status_before=status,
    )
