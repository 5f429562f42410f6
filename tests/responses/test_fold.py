"""The fold of items into changes, without any database."""

from datetime import timedelta
from typing import Any

import pytest

from app.core.ids import uuid7
from app.models.states import IntakeResult, Mode, ResponseStatus
from app.responses.intake.fold import Seen
from app.responses.intake.rules import Caution, Reason
from app.responses.intake.writing import deltas_of
from tests.responses.fold_making import (
    EVIL,
    NOW,
    RESPONDED,
    SENT,
    a_fold,
    a_person,
    a_record,
    results,
    sent,
    take,
)


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
