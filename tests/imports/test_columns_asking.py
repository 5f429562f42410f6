"""What is asked of a row while the file is cut, and of its faults when it failed."""

import pytest

from app.imports.columns.plan import plan_of_people, plan_of_responses
from app.imports.formats.format import FileType
from app.responses.intake.items import Invalid
from tests.imports.items_making import item_of

CSV, NDJSON = FileType.CSV, FileType.NDJSON


@pytest.mark.parametrize(
    ("text", "campaign"),
    [
        ("spring", "spring"),
        (" spring ", " spring "),
        ("", None),
        ("  ", None),
        ("a\x00b", None),
        ("x" * 201, None),
        ("\ud800", None),
    ],
)
def test_the_campaign_of_a_row_is_told_if_it_may_be_one(text: str, campaign: str | None) -> None:
    plan = plan_of_responses(CSV, ["email", "Campaign"], None)

    for _ in range(2):
        assert plan.campaign_of(["a@example.com", text]) == campaign


def test_no_column_no_campaign() -> None:
    assert plan_of_responses(CSV, ["email"], None, campaign="c").campaign_of(["x"]) is None
    assert plan_of_people(CSV, ["email"], None).campaign_of(["x"]) is None


@pytest.mark.parametrize(
    ("line", "campaign"),
    [
        ('{"campaign": "spring"}', "spring"),
        ('{"campaign": null}', None),
        ('{"campaign": 5}', None),
        ('{"campaign": "\\u0000"}', None),
        ('{"campaign": "\\ud800"}', None),
        ('{"campaign": ["x"]}', None),
        ('{"where": "spring"}', "spring"),
        ('{"campaign": "own"}', None),
        ("{}", None),
        ("{", None),
        ("[]", None),
        ("", None),
    ],
)
def test_so_is_that_of_an_object(line: str, campaign: str | None) -> None:
    plan = plan_of_responses(NDJSON, [], {"where": "campaign"}, campaign="own")

    assert plan.campaign_of([line]) == campaign


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), (" YES", True), ("1", True), ("no", False), ("", False), ("maybe", False)],
)
def test_a_prompt_is_told(text: str, expected: bool) -> None:
    plan = plan_of_responses(CSV, ["email", "response prompt"], None, campaign="c")

    assert plan.is_prompt(["a@example.com", text]) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [('{"response_prompt": true}', True), ('{"response_prompt": "true"}', False), ("x", False)],
)
def test_so_is_that_of_an_object_a_prompt(line: str, expected: bool) -> None:
    assert plan_of_responses(NDJSON, [], None, campaign="c").is_prompt([line]) is expected


def test_a_fault_leads_back_to_its_column() -> None:
    columns = ["Mail", "campaign", "attributes.a/b", "attributes.c", "person.attributes"]
    plan = plan_of_responses(CSV, columns, {"Mail": "email"})

    item = item_of(plan, ["nobody", "c", "x\x00", "", "7"])

    assert isinstance(item, Invalid)
    assert {fault.pointer: plan.column_of(fault.pointer) for fault in item.faults} == {
        "/person/email": "Mail",
        "/person/attributes": "person.attributes",
        "/attributes/a~1b": "attributes.a/b",
    }


@pytest.mark.parametrize(
    ("pointer", "column"),
    [
        ("/person/email", "email"),
        ("/person", "email"),
        ("/attributes/a/deeper", "attributes.a"),
        ("/attributes", None),
        ("/campaign", None),
        ("", None),
    ],
)
def test_a_place_without_a_column_of_its_own_leads_to_the_only_one_in_question(
    pointer: str, column: str | None
) -> None:
    columns = ["email", "attributes.a", "attributes.b"]
    plan = plan_of_responses(CSV, columns, None, campaign="c")

    assert plan.column_of(pointer) == column
