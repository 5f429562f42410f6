"""What the tests of the fold start from, and what they send."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.models.states import ResponseStatus
from app.responses.intake.fold import AccountFacts, CampaignFacts, Context, Fold, Outcome, Seen
from app.responses.intake.items import Submission, parse_items
from app.responses.intake.people import People, PersonState
from app.responses.intake.records import Records, RecordState
from app.responses.intake.rules import MemberStatus
from app.scoring.schemas import ScoringSettingsDocument

ACME, EVIL, MARKETO = uuid7(), uuid7(), uuid7()
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
SENT = MemberStatus("Sent", responded=False, step=1)
RESPONDED = MemberStatus("Responded", responded=True, step=2)
SPRING = CampaignFacts(uuid7(), {"Sent": SENT, "Responded": RESPONDED}, "Responded", None)
SUMMER = replace(SPRING, id=uuid7(), repeat_limit=1)


def a_fold(
    *known: PersonState,
    records: Sequence[RecordState] = (),
    seen: Mapping[str, Seen] | None = None,
    **settings: Any,
) -> Fold:
    facts = AccountFacts(ScoringSettingsDocument(**settings), None)
    context = Context(
        now=NOW,
        accounts={ACME: facts, EVIL: facts},
        campaigns={(ACME, "spring"): SPRING, (ACME, "summer"): SUMMER, (EVIL, "spring"): SPRING},
        seen={(ACME, MARKETO, key): value for key, value in (seen or {}).items()},
    )
    return Fold(context, People(known), Records(records))


def a_person(**fields: Any) -> PersonState:
    made = People().create(ACME)
    stored = made.values | fields
    return PersonState(ACME, uuid7(), stored, stored)


def parsed(raw: Mapping[str, Any]) -> Any:
    (found,) = parse_items([{"campaign": "spring", **raw}])
    return getattr(found, "given", found)


def a_record(person: PersonState, status: MemberStatus, number: int = 1) -> RecordState:
    stands = ResponseStatus.OPEN if status.responded else ResponseStatus.NOT_A_RESPONSE
    return RecordState(
        account_id=ACME,
        id=uuid7(),
        campaign_id=SPRING.id,
        person_id=person.id,
        repeat_number=number,
        member_status=status,
        status=stands,
        responded_at=NOW - timedelta(days=1),
        status_before=stands,
    )


def sent(*items: Any, account: UUID = ACME, user: UUID = MARKETO, **fields: Any) -> Submission:
    raws = [
        {"campaign": "spring", "person": {"email": "ada@example.com"}} | item
        if isinstance(item, dict)
        else item
        for item in items
    ]
    given = {"key_id": None, "size": len(items)} | fields
    return Submission(account, user, "marketo", items=parse_items(raws), **given)


def take(fold: Fold, *items: Any) -> list[Outcome]:
    return fold.take_all([sent(*items)])[0]


def results(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.reason or outcome.result for outcome in outcomes]
