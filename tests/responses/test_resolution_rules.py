"""What becomes of a scored response, line by line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.core.ids import uuid7
from app.models.states import Mode, ResponseStatus
from app.responses.resolution.rules import Candidate, Verdict, decide, decide_all

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TICK, HOUR = timedelta(microseconds=1), timedelta(hours=1)
ADA = UUID(int=1)

A_CANDIDATE = Candidate(
    response_id=UUID(int=100),
    person_id=ADA,
    campaign_id=UUID(int=2),
    score=100,
    threshold=100,
    is_prompt=False,
    mode=Mode.ASYNCHRONOUS,
    responded_at=NOW,
    received_at=NOW,
    active_response_id=None,
    has_open_opportunity=False,
    nurture_until=None,
)
ENGAGED = replace(A_CANDIDATE, active_response_id=uuid7())
PROMPT = replace(A_CANDIDATE, is_prompt=True, score=-1, has_open_opportunity=True)
BELOW = replace(A_CANDIDATE, score=99)


def outcome(
    candidate: Candidate, *, grace: timedelta = timedelta(), now: datetime = NOW
) -> Verdict:
    return decide(candidate, is_engaged=False, grace=grace, now=now)


@pytest.mark.parametrize(
    "candidate",
    [ENGAGED, replace(ENGAGED, score=0), replace(PROMPT, active_response_id=uuid7())],
)
def test_1_an_engaged_person_gets_no_second_response_whatever_the_score(
    candidate: Candidate,
) -> None:
    assert outcome(candidate, grace=HOUR).status is ResponseStatus.ALREADY_ENGAGED


def test_1_a_response_that_is_the_active_one_itself_is_not_in_its_own_way() -> None:
    itself = replace(A_CANDIDATE, active_response_id=A_CANDIDATE.response_id)

    assert outcome(itself).status is ResponseStatus.OPEN


def test_2_a_prompt_qualifies_whatever_stands_in_the_lines_below() -> None:
    assert outcome(replace(PROMPT, nurture_until=NOW + HOUR)).status is ResponseStatus.OPEN


def test_3_equal_qualifies_and_one_less_does_not() -> None:
    assert outcome(A_CANDIDATE).status is ResponseStatus.OPEN
    assert outcome(BELOW).status is ResponseStatus.NO_ACTION_REQUIRED


def test_3_below_the_threshold_a_response_waits_until_it_was_received_plus_the_grace() -> None:
    received = replace(BELOW, received_at=NOW - HOUR + TICK)

    waiting = outcome(received, grace=HOUR)

    assert (waiting.status, waiting.waits_until) == (ResponseStatus.PENDING_TQR, NOW + TICK)
    over = outcome(received, grace=HOUR, now=NOW + TICK)
    assert (over.status, over.waits_until) == (ResponseStatus.NO_ACTION_REQUIRED, None)


@pytest.mark.parametrize("mode", [Mode.ASYNCHRONOUS, Mode.WINDOW, Mode.MANUAL])
def test_3_every_mode_but_synchronous_has_a_grace(mode: Mode) -> None:
    assert outcome(replace(BELOW, mode=mode), grace=HOUR).status is ResponseStatus.PENDING_TQR


def test_3_the_synchronous_mode_has_no_grace() -> None:
    below = replace(BELOW, mode=Mode.SYNCHRONOUS)

    assert outcome(below, grace=HOUR).status is ResponseStatus.NO_ACTION_REQUIRED


def test_3_a_score_below_comes_before_an_open_opportunity() -> None:
    below = replace(BELOW, has_open_opportunity=True)

    assert outcome(below).status is ResponseStatus.NO_ACTION_REQUIRED


def test_4_an_open_opportunity_comes_before_nurture() -> None:
    both = replace(A_CANDIDATE, has_open_opportunity=True, nurture_until=NOW + HOUR)

    assert outcome(both).status is ResponseStatus.EXISTING_OPPORTUNITY


def test_5_before_nurture_until_nothing_is_done_and_from_then_on_it_is() -> None:
    nurtured = replace(A_CANDIDATE, nurture_until=NOW)

    assert outcome(nurtured, now=NOW - TICK).status is ResponseStatus.NO_ACTION_REQUIRED
    assert outcome(nurtured, now=NOW).status is ResponseStatus.OPEN


def test_order_is_by_responded_at_then_id() -> None:
    late = replace(A_CANDIDATE, response_id=UUID(int=1), responded_at=NOW + TICK)
    second = replace(A_CANDIDATE, response_id=UUID(int=3))
    first = replace(A_CANDIDATE, response_id=UUID(int=2))

    verdicts = decide_all([late, second, first], grace=timedelta(), now=NOW)

    assert [verdict.candidate for verdict in verdicts] == [first, second, late]
    assert [verdict.status for verdict in verdicts] == [
        ResponseStatus.OPEN,
        ResponseStatus.ALREADY_ENGAGED,
        ResponseStatus.ALREADY_ENGAGED,
    ]


def test_only_who_qualifies_engages_the_person() -> None:
    below = replace(BELOW, responded_at=NOW - HOUR)
    waiting = replace(BELOW, response_id=UUID(int=50), responded_at=NOW - HOUR)

    verdicts = decide_all([A_CANDIDATE, below], grace=timedelta(), now=NOW)
    assert verdicts[-1].status is ResponseStatus.OPEN

    verdicts = decide_all([A_CANDIDATE, waiting], grace=HOUR, now=NOW)
    assert [verdict.status for verdict in verdicts] == [
        ResponseStatus.PENDING_TQR,
        ResponseStatus.OPEN,
    ]


def test_people_do_not_engage_each_other() -> None:
    others = [replace(A_CANDIDATE, response_id=UUID(int=n), person_id=UUID(int=n)) for n in (7, 8)]

    verdicts = decide_all(others, grace=timedelta(), now=NOW)

    assert [verdict.status for verdict in verdicts] == [ResponseStatus.OPEN] * 2
