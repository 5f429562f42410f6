"""The fold of items into changes, without any database."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.core.ids import uuid7
from app.models.states import IntakeResult, Mode, ResponseStatus
from app.responses.intake.fold import AccountFacts, CampaignFacts, Context, Fold, Outcome, Seen
from app.responses.intake.items import Submission, parse_items
from app.responses.intake.people import Birth, People, PersonState
from app.responses.intake.records import Records, RecordState
from app.responses.intake.rules import Caution, MemberStatus, Reason
from app.responses.intake.writing import deltas_of
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
    inserted: Mapping[Birth, PersonState] | None = None,
    **settings: Any,
) -> Fold:
    facts = AccountFacts(ScoringSettingsDocument(**settings), None)
    context = Context(
        now=NOW,
        accounts={ACME: facts, EVIL: facts},
        campaigns={(ACME, "spring"): SPRING, (ACME, "summer"): SUMMER, (EVIL, "spring"): SPRING},
        seen={(ACME, MARKETO, key): value for key, value in (seen or {}).items()},
    )
    return Fold(context, People(known, inserted), Records(records))


def a_person(**fields: Any) -> PersonState:
    made = People().create(ACME, parsed({"person": {}}).person)
    stored = made.values | fields
    return PersonState(ACME, uuid7(), dict(stored), stored)


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


def test_a_later_item_sees_the_earlier() -> None:
    fold = a_fold()

    outcomes = take(fold, {"member_status": "Sent"}, {}, {})

    assert results(outcomes) == ["created", "updated", "repeat"]
    assert [record.repeat_number for record in fold.records.touched()] == [1, 2]
    assert len(fold.people.created()) == 1


def test_a_later_request_sees_the_earlier() -> None:
    fold = a_fold()

    first, second = fold.take_all([sent({"external_id": "m"}), sent({"external_id": "m"}, {})])

    assert results(first + second) == ["created", "duplicate", "repeat"]
    assert second[0].record is first[0].record


def test_accounts_and_users_are_apart() -> None:
    fold = a_fold()

    outcomes = fold.take_all(
        [
            sent({"external_id": "m"}),
            sent({"external_id": "m"}, account=EVIL),
            sent({"external_id": "m"}, user=uuid7()),
        ]
    )

    assert [one.result for (one,) in outcomes] == ["created", "created", "repeat"]
    assert len(fold.people.created()) == 2


def test_what_was_seen_changes_nothing() -> None:
    before = Seen(uuid7(), ResponseStatus.OPEN)
    fold = a_fold(seen={"m": before})

    (outcome,) = take(fold, {"external_id": "m", "campaign": "nope"})

    assert (outcome.result, outcome.seen) == (IntakeResult.DUPLICATE, before)
    assert not fold.people.created()
    assert not fold.records.touched()
    assert not fold.new_keys


def test_keys_are_kept_of_all_but_the_rejected() -> None:
    ada = a_person(email="ada@example.com", email_folded="ada@example.com")
    fold = a_fold(ada, records=[a_record(ada, RESPONDED)], repeat_limit=2)

    outcomes = take(
        fold,
        {"external_id": "not higher", "member_status": "Sent"},
        {"external_id": "repeat"},
        {"external_id": "limit"},
        {"external_id": "new", "person": {"email": "bob@example.com"}},
        {"external_id": "no campaign", "campaign": "nope"},
        {"external_id": "no status", "member_status": "nope"},
        {"external_id": "nobody", "person": {"id": str(uuid7())}},
        {"external_id": "no identity", "person": {}},
        {"external_id": "invalid", "score": "1"},
    )

    assert results(outcomes) == [
        Reason.STATUS_NOT_HIGHER, IntakeResult.REPEAT, Reason.REPEAT_LIMIT, IntakeResult.CREATED,
        Reason.CAMPAIGN_NOT_FOUND, Reason.UNKNOWN_MEMBER_STATUS, Reason.PERSON_NOT_FOUND,
        Reason.PERSON_WITHOUT_IDENTITY, Reason.INVALID,
    ]  # fmt: skip
    kept = [external_id for _, _, external_id in fold.new_keys]
    assert kept == ["not higher", "repeat", "limit", "new"]


def test_the_campaigns_limit_wins_over_the_accounts() -> None:
    fold = a_fold(repeat_limit=9)

    outcomes = take(fold, {"campaign": "summer"}, {"campaign": "summer"})

    assert results(outcomes) == [IntakeResult.CREATED, Reason.REPEAT_LIMIT]


def test_a_duplicate_by_its_moment_needs_the_same_status_and_instant() -> None:
    ada = a_person(email="ada@example.com", email_folded="ada@example.com")
    fold = a_fold(ada, records=[a_record(ada, RESPONDED)])
    moment = (NOW - timedelta(days=1)).isoformat()

    outcomes = take(
        fold,
        {"responded_at": moment},
        {"responded_at": moment, "member_status": "Sent"},
        {"responded_at": NOW.isoformat()},
        {"responded_at": moment, "external_id": "m"},
    )

    assert results(outcomes) == ["duplicate", "status_not_higher", "repeat", "repeat"]


def test_only_what_has_changed_is_written() -> None:
    ada = a_person(email="ada@example.com", email_folded="ada@example.com", title="VP")
    fold = a_fold(ada)

    take(
        fold,
        {"person": {"email": "ada@example.com", "title": "VP"}},
        {"person": {"id": str(ada.id), "title": "CEO"}},
    )
    changed = {name for person in fold.people.by_id.values() for name in person.changed}
    take(fold, {"person": {"id": str(ada.id), "title": "VP"}})

    assert changed == {"title"}
    assert not any(person.changed for person in fold.people.by_id.values())


@pytest.mark.parametrize(("stored", "given"), [(1, True), (1, 1.0), (False, 0), ([1], [True])])
def test_attributes_that_only_look_equal_are_written(stored: object, given: object) -> None:
    ada = a_person(email="a@example.com", email_folded="a@example.com", attributes={"a": stored})
    fold = a_fold(ada)

    take(fold, {"person": {"email": "a@example.com", "attributes": {"a": given}}})

    (person,) = fold.people.by_id.values()
    assert person.changed == {"attributes"}


def test_a_fold_does_not_change_what_it_was_given() -> None:
    ada = a_person(email="ada@example.com", email_folded="ada@example.com")

    for _ in range(2):
        fold = a_fold(ada)
        take(fold, {"person": {"email": "ada@example.com", "title": "VP", "attributes": {"a": 1}}})
        assert fold.people.by_id[ACME, ada.id].changed == {"title", "attributes"}

    assert (ada.changed, ada.values["attributes"]) == (set(), {})


def test_folded_again_a_new_person_is_made_at_the_same_item_with_the_same_id() -> None:
    items = [
        {"person": {"email": "ada@example.com"}},
        {"person": {"email": "ada@example.com", "external_id": "crm-1"}},
        {"person": {"external_id": "crm-1", "email": "lovelace@example.com"}},
    ]
    first = a_fold()
    take(first, *items)
    (made,) = first.people.created()
    made.stored = dict(made.values)
    assert made.birth is not None

    again = a_fold(inserted={made.birth: made})
    outcomes = take(again, *items)

    assert results(outcomes) == ["created", "repeat", "repeat"]
    (person,) = again.people.created()
    assert (person.id, person.changed) == (made.id, set())
    assert again.to_read() == set()


def test_an_address_given_up_goes_on_naming_its_person() -> None:
    ada = a_person(external_id="crm-1", email="old@example.com", email_folded="old@example.com")
    fold = a_fold(ada)

    outcomes = take(
        fold,
        {"person": {"external_id": "crm-1", "email": "new@example.com"}},
        {"person": {"email": "old@example.com"}},
        {"person": {"email": "new@example.com"}},
    )

    assert {outcome.record.person_id for outcome in outcomes if outcome.record} == {ada.id}
    assert fold.people.created() == []


def test_a_conflict_of_identities_is_warned_of() -> None:
    ada = a_person(external_id="crm-1")
    bob = a_person(email="bob@example.com", email_folded="bob@example.com")
    fold = a_fold(ada, bob)

    (outcome,) = take(fold, {"person": {"external_id": "crm-1", "email": "bob@example.com"}})

    assert outcome.warnings == (Caution.IDENTITY_CONFLICT,)
    assert outcome.record is not None
    assert outcome.record.person_id == ada.id
    assert fold.people.by_id[ACME, ada.id].values["email"] is None


def test_the_records_to_read_are_those_of_people_who_were_there() -> None:
    ada = a_person(email="ada@example.com", email_folded="ada@example.com")
    fold = a_fold(ada)

    take(fold, {}, {"campaign": "summer"}, {"person": {"email": "new@example.com"}})

    assert fold.to_read() == {(ACME, ada.id, SPRING.id), (ACME, ada.id, SUMMER.id)}


def test_counts_follow_what_became_of_each_record() -> None:
    ada = a_person(email="ada@example.com", email_folded="ada@example.com")
    fold = a_fold(ada, records=[a_record(ada, SENT)])

    take(fold, {}, {}, {"person": {"email": "bob@example.com"}, "member_status": "Sent"})

    deltas = {status: n for _, _, status, n in deltas_of(fold.records.touched()) if n}
    assert deltas == {ResponseStatus.PENDING_SCORING: 2}


@pytest.mark.parametrize(
    ("settings", "item", "fields", "mode"),
    [
        ({}, {}, {}, Mode.SYNCHRONOUS),
        ({}, {}, {"size": 201}, Mode.ASYNCHRONOUS),
        ({}, {"response_prompt": True}, {"size": 201}, Mode.SYNCHRONOUS),
        ({"async_users": [{"user": "marketo"}]}, {}, {}, Mode.WINDOW),
        ({"evaluate_score_immediately": False}, {}, {}, Mode.MANUAL),
    ],
)
def test_the_mode_is_decided_for_each_item(
    settings: dict[str, Any], item: dict[str, Any], fields: dict[str, Any], mode: Mode
) -> None:
    fold = a_fold(**settings)

    ((outcome,),) = fold.take_all([sent(item, priority=1, **fields)])

    assert outcome.record is not None
    assert outcome.record.scheduling is not None
    assert (outcome.record.scheduling.mode, outcome.record.priority) == (mode, 1)


def test_attributes_that_outgrow_a_record_are_left_with_a_warning() -> None:
    fold = a_fold()

    first, second = take(
        fold,
        {"member_status": "Sent", "attributes": {"a": "x" * 9_000}},
        {"attributes": {"b": "x" * 9_000}},
    )

    assert (first.warnings, second.warnings) == ((), (Caution.ATTRIBUTES_TOO_LARGE,))
    assert second.record is not None
    assert list(second.record.attributes) == ["a"]
