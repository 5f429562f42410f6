"""From a foreign body to a response item."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from app.core.errors import AppError, Invalid
from app.core.resources import Resources
from app.responses.integrations import bodies, rules, service
from app.responses.integrations.errors import IntegrationNotFound, NotAWebhook, UnreadableWebhook
from app.responses.integrations.targets import TARGETS
from app.responses.schemas import PersonIn, ResponseCreate
from tests.conftest import Tenant

FORM = "application/x-www-form-urlencoded"


def mapped(target: str, value: object, **source: Any) -> Any:
    """What the item holds at the target when the body's field `f` has this value."""
    item: Any = rules.apply({target: {"field": "f"} | source}, {"f": value})
    for step in target.split("."):
        if not isinstance(item, dict) or step not in item:
            return None
        item = item[step]
    return item


def test_every_field_of_an_item_is_a_target() -> None:
    own = {f for f in ResponseCreate.model_fields if f not in ("person", "attributes")}
    persons = {f"person.{f}" for f in PersonIn.model_fields if f != "attributes"}

    assert set(TARGETS) == own | persons


def test_an_item_is_built_from_fields_and_constants() -> None:
    mapping = {
        "campaign": {"value": "spring-2026"},
        "external_id": {"field": "id"},
        "person.email": {"field": "lead.Email"},
        "person.attributes.a.b": {"field": "lead.tags.1.name"},
        "attributes.page": {"field": "url"},
    }
    body = {
        "id": 42,
        "url": "https://example.com",
        "lead": {"Email": "ada@example.com", "tags": [{"name": "x"}, {"name": "y"}]},
    }

    assert rules.apply(mapping, body) == {
        "campaign": "spring-2026",
        "external_id": "42",
        "person": {"email": "ada@example.com", "attributes": {"a.b": "y"}},
        "attributes": {"page": "https://example.com"},
    }


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"lead.Email": "flat", "lead": {"Email": "deep"}}, "flat"),
        ({"lead": {"Email": "deep"}}, "deep"),
        ({"lead": "text"}, None),
        ({"lead": [1]}, None),
        ({"lead": None}, None),
        ({}, None),
    ],
)
def test_a_key_that_is_spelled_like_the_path_comes_before_the_path(
    body: Mapping[str, Any], found: str | None
) -> None:
    item = rules.apply({"campaign": {"field": "lead.Email"}}, body)

    assert item.get("campaign") == found


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_field_is_an_absent_one(blank: object) -> None:
    assert mapped("person.title", blank) is None
    assert mapped("person.title", blank, default="VP") == "VP"
    assert rules.apply({"person.title": {"field": "f"}}, {"f": blank}) == {}


@pytest.mark.parametrize(
    ("target", "sent", "item"),
    [
        ("score", "5", 5),
        ("score", " -12 ", -12),
        ("score", "7.0", 7),
        ("score", 7.0, 7),
        ("score", "7.5", "7.5"),
        ("score", "9" * 5000, "9" * 5000),
        ("score", "٣", "٣"),
        ("score", True, True),
        ("response_prompt", "TRUE", True),
        ("response_prompt", "0", False),
        ("response_prompt", 1, True),
        ("response_prompt", "maybe", "maybe"),
        ("person.do_pending_scoring", "on", True),
        ("external_id", 42, "42"),
        ("external_id", True, True),
        ("external_id", {"a": 1}, {"a": 1}),
        ("attributes.a", "5", "5"),
        ("attributes.a", [1, 2], [1, 2]),
    ],
)
def test_a_value_takes_the_type_of_its_target_or_stays(
    target: str, sent: object, item: object
) -> None:
    found = mapped(target, sent)

    assert (found, type(found)) == (item, type(item))


@pytest.mark.parametrize(
    ("sent", "source", "item"),
    [
        ("2026-03-10T12:00:00Z", {}, "2026-03-10T12:00:00+00:00"),
        ("2026-03-10 12:00:00", {}, "2026-03-10T12:00:00"),
        ("2026-07-10 12:00:00", {"timezone": "Europe/Berlin"}, "2026-07-10T12:00:00+02:00"),
        ("2026-03-10T12:00:00-06:00", {"timezone": "UTC"}, "2026-03-10T12:00:00-06:00"),
        (
            "07/10/2026 03:05 PM",
            {"format": "%m/%d/%Y %I:%M %p", "timezone": "America/Chicago"},
            "2026-07-10T15:05:00-05:00",
        ),
        ("10.3.2026 +0100", {"format": "%d.%m.%Y %z"}, "2026-03-10T00:00:00+01:00"),
        ("yesterday", {"timezone": "UTC"}, "yesterday"),
        ("0001-01-01", {"timezone": "Asia/Tokyo"}, None),
        (1_773_144_000, {}, 1_773_144_000),
    ],
)
def test_a_time_is_read_by_its_format_in_its_zone(
    sent: object, source: dict[str, str], item: object
) -> None:
    found = mapped("responded_at", sent, **source)

    assert found == item if item is not None else isinstance(found, str)


def test_a_form_is_read_as_browsers_write_it() -> None:
    body = b"email=ada%2Bx%40example.com&name=Ada+Lovelace&odd=100%&blank=&city=K%C3%B6ln&x=1&x=2"

    assert bodies.read(f"{FORM}; charset=UTF-8", body) == {
        "email": "ada+x@example.com",
        "name": "Ada Lovelace",
        "odd": "100%",
        "blank": "",
        "city": "Köln",
        "x": "2",
    }


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.api+json; charset=utf-8"])
def test_json_objects_are_read(kind: str) -> None:
    assert bodies.read(kind, b'{"lead": {"Email": "a@b.co"}}') == {"lead": {"Email": "a@b.co"}}


@pytest.mark.parametrize(
    "kind",
    [
        *(None, "", "text/plain", "multipart/form-data; boundary=x", "application/jsonp"),
        *(f"{FORM}; charset=iso-8859-1", "application/json\r\nx: y", ";;;", "json"),
    ],
)
def test_other_content_types_are_not_taken(kind: str | None) -> None:
    with pytest.raises(NotAWebhook):
        bodies.read(kind, b"{}")


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        (FORM, b"a=%FF", "bad_encoding"),
        (FORM, b"a=\xff", "bad_encoding"),
        (FORM, b"&".join([b"a=1"] * 1001), "too_many_fields"),
        ("application/json", b"[]", "dict_type"),
        ("application/json", b"null", "dict_type"),
        ("application/json", b"{", "json_invalid"),
        ("application/json", b'{"a": NaN}', "json_invalid"),
        ("application/json", b"[" * 100_000, "too_deep"),
        ("application/json", b"\xff", "bad_encoding"),
    ],
)
def test_an_unreadable_body_is_invalid(kind: str, body: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        bodies.read(kind, body)

    assert [fault.code for fault in caught.value.faults] == [code]


async def test_a_saved_mapping_translates_forms_and_json(
    tenant: Tenant, resources: Resources
) -> None:
    mapping = {
        "campaign": {"value": "spring-2026"},
        "person.email": {"field": "lead.Email"},
        "person.score": {"field": "lead.Score", "default": 1},
    }
    await tenant.http.put("/v1/integrations/marketo", json={"mapping": mapping})
    sent = {"lead": {"Email": "ada@example.com", "Score": 7}}
    expected = {"campaign": "spring-2026", "person": {"email": "ada@example.com", "score": 7}}

    for kind, body in (
        (FORM, b"lead.Email=ada%40example.com&lead.Score=7"),
        ("application/json", json.dumps(sent).encode()),
    ):
        async with resources.unit_of_work(tenant.account_id) as session:
            item = await service.translate(session, tenant.account_id, "marketo", kind, body)
        assert item == expected
        ResponseCreate.model_validate(item)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [("eloqua", FORM, IntegrationNotFound), ("marketo", "text/xml", NotAWebhook),
     ("marketo", FORM, UnreadableWebhook)],
)  # fmt: skip
async def test_what_cannot_be_translated_says_why(
    tenant: Tenant, resources: Resources, name: str, kind: str, expected: type[AppError]
) -> None:
    mapping = {"campaign": {"field": "c"}, "person.id": {"field": "p"}}
    await tenant.http.put("/v1/integrations/marketo", json={"mapping": mapping})

    with pytest.raises(expected):
        async with resources.unit_of_work(tenant.account_id) as session:
            await service.translate(session, tenant.account_id, name, kind, b"a=%FF")
