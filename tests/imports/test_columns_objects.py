"""NDJSON records become the items that the API would make of them."""

import json
from typing import Any

import pytest

from app.imports.columns.people import PersonItem
from app.imports.columns.plan import Plan, plan_of_people, plan_of_responses
from app.imports.formats.format import FileType
from app.responses.intake.items import Invalid, Item, parse_item
from tests.imports.items_making import item_of

ITEM: dict[str, Any] = {
    "external_id": "e1",
    "campaign": "spring",
    "person": {"email": "ada@example.com", "attributes": {"team": 12}},
    "responded_at": "2026-03-01T10:00:00Z",
    "score": 5,
    "response_prompt": True,
}


def _plan(**mapping: str | None) -> Plan[Item]:
    return plan_of_responses(FileType.NDJSON, [], mapping, campaign="own")


def _faults(item: Item | PersonItem | Invalid) -> list[tuple[str, str]]:
    assert isinstance(item, Invalid)
    return [(fault.pointer, fault.code) for fault in item.faults]


def test_an_item_of_the_api_is_taken_as_it_is() -> None:
    assert item_of(_plan(), [json.dumps(ITEM)], 4) == parse_item(ITEM, 4)


@pytest.mark.parametrize(
    "record",
    [
        {"person.email": "ada@example.com", "person.attributes.team": 12},
        {"email": "ada@example.com", "person": {"attributes": {"team": 12}}},
        {"person": {"attributes": {"team": 12}}, "person.email": "ada@example.com"},
        {"person": {"email": "ada@example.com"}, "person.attributes": {"team": 12}},
        {"person": {"email": "ada@example.com", "attributes": {}}, "Person.Attributes.team": 12},
        {"Mail": "ada@example.com", "person.attributes.team": 12, "junk": {"x": []}},
    ],
)
def test_dots_and_names_lead_into_the_person(record: dict[str, Any]) -> None:
    rest = {key: value for key, value in ITEM.items() if key != "person"}

    item = item_of(_plan(Mail="email", junk=None), [json.dumps({**rest, **record})])

    assert item == parse_item(ITEM, 0)


@pytest.mark.parametrize(
    ("record", "pointer"),
    [
        ({"email": "a@example.com", "person": {"email": "b@example.com"}}, "/person"),
        ({"email": "a@example.com", "Email": "b@example.com"}, "/person/email"),
        ({"person": 5, "email": "a@example.com"}, "/person/email"),
        ({"email": "a@example.com", "person": 5}, "/person"),
        ({"email": "a@x.com", "attributes.a": 1, "attributes": {"a": 2}}, "/attributes"),
        ({"email": "a@x.com", "attributes.a": {}, "Attributes.a": {}}, "/attributes/a"),
    ],
)
def test_what_is_given_more_than_once_fails_its_record(
    record: dict[str, Any], pointer: str
) -> None:
    assert _faults(item_of(_plan(), [json.dumps(record)])) == [(pointer, "ambiguous")]


@pytest.mark.parametrize(
    ("record", "faults"),
    [
        ({"person": {"email": "a@b.com"}, "colour": 1}, [("/colour", "extra_forbidden")]),
        ({"person": {"emial": "a@b.com"}}, [("/person/emial", "extra_forbidden")]),
        ({"person.emial": 1, "email": "a@b.com"}, [("/person.emial", "extra_forbidden")]),
        ({"email": "a@b.com", "score": "5"}, [("/score", "int_type")]),
        ({"email": 5}, [("/person/email", "string_type")]),
        ({"campaign": "spring"}, [("/person", "missing")]),
        ({"email": "a@b.com", "campaign": ""}, [("/campaign", "string_too_short")]),
    ],
)
def test_a_bad_record_fails_as_by_the_api(
    record: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    assert _faults(item_of(_plan(), [json.dumps(record)])) == faults


@pytest.mark.parametrize("campaign", [{}, {"campaign": None}])
def test_a_record_without_a_campaign_takes_the_files(campaign: dict[str, None]) -> None:
    item = item_of(_plan(), [json.dumps({"email": "a@example.com", **campaign})])

    assert isinstance(item, Item)
    assert item.given.campaign == "own"


@pytest.mark.parametrize(("line", "code"), [("{", "json_invalid"), ("[]", "not_an_object")])
def test_what_is_no_object_is_invalid(line: str, code: str) -> None:
    assert _faults(item_of(_plan(), [line])) == [("", code)]


def test_a_fault_leads_back_to_its_key() -> None:
    plan = _plan(Mail="email")
    record = {"Mail": "nobody", "Person.Attributes": {"a": "\x00"}, "colour": 1}

    item = item_of(plan, [json.dumps(record)])

    assert isinstance(item, Invalid)
    assert {fault.pointer: plan.column_of(fault.pointer) for fault in item.faults} == {
        "/person/email": "Mail",
        "/person/attributes/a": "Person.Attributes",
        "/colour": "colour",
    }
    assert plan.column_of("/campaign") is None


def test_people_come_in_the_same_way() -> None:
    plan = plan_of_people(FileType.NDJSON, [], {"Mail": "email"})

    item = item_of(plan, ['{"Mail": "ada@example.com", "attributes.team": 12, "score": 5}'], 2)
    bad = item_of(plan, ['{"external_id": "x", "email": "ada@", "person": {}}'], 3)

    assert isinstance(item, PersonItem)
    assert item.given.attributes == {"team": 12}
    assert _faults(bad) == [("/email", "bad_email"), ("/person", "extra_forbidden")]
    assert isinstance(bad, Invalid)
    assert bad.external_id == "x"


def test_deep_nesting_ends_nothing_but_its_record() -> None:
    deep = '{"a":' * 5_000 + "1" + "}" * 5_000

    for line in (f'{{"person": {deep}}}', f'{{"attributes": {deep}, "Attributes": {deep}}}'):
        assert isinstance(item_of(_plan(), [line]), Invalid)
