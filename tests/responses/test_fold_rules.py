"""The decisions of intake that need no state."""

from itertools import product

import pytest

from app.core.errors import Fault
from app.models.states import IntakeResult, ResponseStatus
from app.responses.intake.answers import answer_batch, answer_one, summary_of
from app.responses.intake.fold import Outcome
from app.responses.intake.items import Invalid, Item, parse_item, parse_items, size_of
from app.responses.intake.rules import MemberStatus, Step, step_of
from tests.responses.fold_making import RESPONDED, a_person, a_record

STATUSES = [
    MemberStatus(f"{responded}-{step}", responded=responded, step=step)
    for responded, step in product((False, True), (1, 2, 3))
]


@pytest.mark.parametrize("given", STATUSES, ids=lambda status: status.name)
def test_without_a_record_one_is_created(given: MemberStatus) -> None:
    assert step_of(None, given, repeat_number=0, limit=0) is Step.CREATE


@pytest.mark.parametrize(("latest", "given"), list(product(STATUSES, STATUSES)))
def test_every_pair_of_statuses_has_one_step(latest: MemberStatus, given: MemberStatus) -> None:
    step = step_of(latest, given, repeat_number=1, limit=2)

    if latest.responded:
        assert step is (Step.REPEAT if given.responded else Step.NOT_HIGHER)
    else:
        is_higher = given.responded or given.step > latest.step
        assert step is (Step.UPDATE if is_higher else Step.NOT_HIGHER)


@pytest.mark.parametrize(
    ("number", "limit", "step"),
    [(1, 2, Step.REPEAT), (2, 2, Step.LIMIT), (3, 2, Step.LIMIT), (1, 0, Step.LIMIT),
     (24, 25, Step.REPEAT), (25, 25, Step.LIMIT)],
)  # fmt: skip
def test_repeats_end_at_the_limit(number: int, limit: int, step: Step) -> None:
    assert step_of(RESPONDED, RESPONDED, repeat_number=number, limit=limit) is step


def test_each_item_is_parsed_on_its_own_with_pointers_into_the_request() -> None:
    good = {"campaign": "spring", "person": {"email": "a@example.com"}}

    first, second, third = parse_items([good, good | {"score": "1", "external_id": "m"}, 7])

    assert isinstance(first, Item)
    assert isinstance(second, Invalid)
    assert isinstance(third, Invalid)
    assert [first.index, second.index, third.index] == [0, 1, 2]
    assert second.external_id == "m"
    assert [fault.pointer for fault in second.faults] == ["/responses/1/score"]
    assert third.faults == (Fault("/responses/2", "model_type", "must be an object"),)


def test_size_counts_all_but_prompts() -> None:
    good = {"campaign": "spring", "person": {"email": "a@example.com"}}
    items = parse_items([good, good | {"response_prompt": True}, {}, {"response_prompt": True}])

    assert size_of(items) == 3


def test_an_email_is_trimmed_and_otherwise_kept() -> None:
    raw = {"campaign": "spring", "person": {"email": "  Ada@Example.COM\t"}}

    found = parse_item(raw, 0)

    assert isinstance(found, Item)
    assert found.given.person.email == "Ada@Example.COM"


def test_the_summary_adds_up_over_every_result() -> None:
    outcomes = [
        Outcome(index, None, result)
        for index, result in enumerate(
            result for number, result in enumerate(IntakeResult, 1) for _ in range(number)
        )
    ]

    summary = summary_of(outcomes)

    assert summary.total == len(outcomes) == 21
    assert summary.succeeded == summary.created + summary.updated + summary.repeat
    assert summary.succeeded + summary.skipped + summary.failed == summary.total


def test_an_answer_without_items_is_empty() -> None:
    answer = answer_batch([])

    assert answer.status_code == 200
    assert bytes(answer.body).startswith(b'{"results":[],"summary":{"total":0')


@pytest.mark.parametrize("status", list(ResponseStatus))
def test_a_skipped_item_is_200_whatever_its_record_stands_at(status: ResponseStatus) -> None:
    record = a_record(a_person(), RESPONDED)
    record.status = status

    answer = answer_one(Outcome(0, None, IntakeResult.SKIPPED, record=record))

    assert answer.status_code == 200
    assert answer.headers["Location"] == f"/v1/responses/{record.id}"
