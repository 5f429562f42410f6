"""Whom and what intake reads beside the world, each kind in one statement for all items."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from app.core.driver import Driver, Row
from app.core.ids import uuid_of
from app.models.states import ResponseStatus
from app.responses.intake.fold import CampaignFacts
from app.responses.intake.people import FIELDS, PersonState
from app.responses.intake.records import RecordState
from app.responses.intake.rules import MemberStatus

PERSON_COLUMNS = ", ".join(["p.account_id", "p.id", *(f"p.{name}" for name in FIELDS)])
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


def person_of(doc: list[Any]) -> PersonState:
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
