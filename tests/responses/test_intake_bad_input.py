"""Whatever is sent: never a 500, never the input in the answer, and never half of it kept."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.core.settings import Http, Settings
from tests.conftest import Tenant
from tests.responses.intake_making import (
    JSON,
    MANY,
    ONE,
    a_campaign,
    another_process,
    item,
    listed,
    people,
)

CANARY = "canary-7f3a"
DEEP: Any = json.loads("[" * 12 + "1" + "]" * 12)
LONG = CANARY * 100_000


def within(person: dict[str, Any]) -> dict[str, Any]:
    return {"person": {"email": "a@example.com"} | person}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    *(
        ({name: value}, f"/{name}", code)
        for name in ("external_id", "campaign", "member_status")
        for value, code in (
            (f"{CANARY}\x00", "bad_text"),
            (f"{CANARY}\ud800", "string_unicode"),
            (LONG, "string_too_long"),
            ("", "string_too_short"),
            (1, "string_type"),
            ([CANARY], "string_type"),
            (DEEP, "string_type"),
        )
    ),
    ({"responded_at": "2026-03-10T09:00:00"}, "/responded_at", "timezone_aware"),
    ({"responded_at": "2026-03-10"}, "/responded_at", "timezone_aware"),
    ({"responded_at": CANARY}, "/responded_at", "bad_time"),
    ({"responded_at": "20260310"}, "/responded_at", "bad_time"),
    ({"responded_at": "1770000000"}, "/responded_at", "bad_time"),
    ({"responded_at": 1770000000}, "/responded_at", "string_type"),
    ({"responded_at": "2026-02-30T09:00:00Z"}, "/responded_at", "datetime_from_date_parsing"),
    ({"responded_at": "0001-01-01T00:00:00+14:00"}, "/responded_at", "bad_time"),
    ({"responded_at": f"2026-03-10T09:00:00Z{CANARY}"}, "/responded_at",
     "datetime_from_date_parsing"),
    ({"responded_at": "2026-03-10\x00"}, "/responded_at", "datetime_from_date_parsing"),
    ({"responded_at": "2026-03-10\ud800"}, "/responded_at", "string_unicode"),
    ({"score": "1"}, "/score", "int_type"),
    ({"score": True}, "/score", "int_type"),
    ({"score": 1.5}, "/score", "int_type"),
    ({"score": 10**30}, "/score", "less_than_equal"),
    ({"score": -(10**30)}, "/score", "greater_than_equal"),
    ({"response_prompt": "yes"}, "/response_prompt", "bool_type"),
    ({"response_prompt": 1}, "/response_prompt", "bool_type"),
    ({"attributes": CANARY}, "/attributes", "dict_type"),
    ({"attributes": {CANARY: f"{CANARY}\x00"}}, f"/attributes/{CANARY}", "bad_text"),
    ({"attributes": {"a": [{"b": f"{CANARY}\ud800"}]}}, "/attributes/a/0/b", "bad_text"),
    ({"attributes": {f"{CANARY}\x00": 1}}, "/attributes", "bad_text"),
    ({"attributes": {"a": {f"{CANARY}\ud800": 1}}}, "/attributes/a", "bad_text"),
    ({"attributes": {"a/b": {"~": "\x00"}}}, "/attributes/a~1b/~0", "bad_text"),
    ({"attributes": {"a": DEEP}}, "/attributes", "too_deep"),
    ({"attributes": {"a": LONG}}, "/attributes", "too_large"),
    ({"attributes": {LONG: 1}}, "/attributes", "too_large"),
    ({"attributes": dict.fromkeys(map(str, range(5_000)), 1)}, "/attributes", "too_large"),
    ({"shoe_size": CANARY}, "/shoe_size", "extra_forbidden"),
    ({"id": CANARY}, "/id", "extra_forbidden"),
    ({"status": DEEP}, "/status", "extra_forbidden"),
    ({"\ud800": CANARY}, "", "string_unicode"),
    ({"person": CANARY}, "/person", "model_type"),
    ({"person": None}, "/person", "model_type"),
    ({"person": [CANARY]}, "/person", "model_type"),
    (within({"email": CANARY}), "/person/email", "bad_email"),
    (within({"email": f"{CANARY}@"}), "/person/email", "bad_email"),
    (within({"email": f"{CANARY}@example..com"}), "/person/email", "bad_email"),
    (within({"email": f"{CANARY}@example.com\nBcc: b@example.com"}), "/person/email",
     "bad_email"),
    (within({"email": f"{CANARY}\x00@example.com"}), "/person/email", "bad_text"),
    (within({"email": f"{CANARY}\ud800@example.com"}), "/person/email", "string_unicode"),
    (within({"email": f"{LONG}@example.com"}), "/person/email", "string_too_long"),
    (within({"email": 1}), "/person/email", "string_type"),
    (within({"external_id": ""}), "/person/external_id", "string_too_short"),
    (within({"external_id": CANARY * 100}), "/person/external_id", "string_too_long"),
    (within({"id": CANARY}), "/person/id", "uuid_parsing"),
    (within({"id": 7}), "/person/id", "uuid_type"),
    (within({"kind": CANARY}), "/person/kind", "enum"),
    (within({"title": f"{CANARY}\x00"}), "/person/title", "bad_text"),
    (within({"title": LONG}), "/person/title", "string_too_long"),
    (within({"score": "1"}), "/person/score", "int_type"),
    (within({"opted_out": "no"}), "/person/opted_out", "bool_type"),
    (within({"do_pending_scoring": "true"}), "/person/do_pending_scoring", "bool_type"),
    (within({"attributes": {"a": f"{CANARY}\x00"}}), "/person/attributes/a", "bad_text"),
    (within({"attributes": {"a": DEEP}}), "/person/attributes", "too_deep"),
    (within({"shoe_size": CANARY}), "/person/shoe_size", "extra_forbidden"),
    (within({"\ud800": CANARY}), "/person", "string_unicode"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "pointer", "code"), WRONG, ids=range(len(WRONG)))
async def test_a_wrong_value_is_named_and_not_repeated(
    http: httpx.AsyncClient, wrong: dict[str, Any], pointer: str, code: str
) -> None:
    campaign = await a_campaign(http)
    good, bad = item(campaign), item(campaign) | wrong
    expected = [(pointer, code)]

    one = await http.post(ONE, content=json.dumps(bad), headers=JSON)
    many = await http.post(MANY, content=json.dumps({"responses": [bad, good]}), headers=JSON)

    assert (one.status_code, one.json()["code"]) == (422, "validation_failed")
    assert places(one.json()["errors"]) == expected
    assert many.status_code == 200
    first, second = many.json()["results"]
    assert (first["result"], first["reason"]) == ("rejected", "invalid")
    assert places(first["errors"]) == [(f"/responses/0{p}", c) for p, c in expected]
    assert second["result"] == "created"
    for answer in (one, many):
        # A field's own name may be shown, cut short; what it held is not.
        assert answer.text.count(CANARY) == pointer.count(CANARY)
    assert (len(await listed(http)), len(await people(http))) == (1, 1)


def places(errors: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in errors]


@pytest.mark.parametrize("path", [ONE, MANY])
@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"null", b"[]", b"1", b'"canary-7f3a"', b"\x00", b"NaN", b'{"score": NaN}',
        b'{"score": Infinity}', b'{"score": -Infinity}', b'{"score": 1e400}',
        b'{"responses": [{"attributes": {"a": -1e400}}]}', b'{"campaign": "\xff\xfe"}',
        b'{"responses": [{"campaign": "\xed\xa0\x80"}]}', b"[" * 100_000, b'{"responses":' * 50_000,
        b'{"responses": [' + b"[" * 50_000, b'{"score": ' + b"9" * 5_000 + b"}",
        b'\xef\xbb\xbf{"campaign": "canary-7f3a"}', b"canary-7f3a=1", b'{"responses": [],}',
    ],
    ids=range(22),
)  # fmt: skip
async def test_a_body_that_is_no_json_of_this_form_is_422(
    http: httpx.AsyncClient, path: str, content: bytes
) -> None:
    answer = await http.post(path, content=content, headers=JSON)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"]
    assert CANARY not in answer.text


@pytest.mark.parametrize("depth", [50, 400, 900, 2_000])
async def test_no_depth_is_a_500(http: httpx.AsyncClient, depth: int) -> None:
    campaign = await a_campaign(http)
    bomb = '{"a":' * depth + "1" + "}" * depth

    for field in ("attributes", "shoe_size", "person", "campaign"):
        raw = json.dumps(item(campaign) | {field: "@"}).replace('"@"', bomb)
        one = await http.post(ONE, content=raw, headers=JSON)
        many = await http.post(MANY, content=f'{{"responses": [{raw}]}}', headers=JSON)

        assert one.status_code == 422
        assert many.status_code in (200, 422)
    assert await listed(http) == []


@pytest.mark.parametrize("path", [ONE, MANY])
@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x", "", None],
)
async def test_another_content_type_is_415(
    http: httpx.AsyncClient, path: str, kind: str | None
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}

    answer = await http.post(path, content=b'{"responses": []}', headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.api+json"])
async def test_every_form_of_json_is_taken(http: httpx.AsyncClient, kind: str) -> None:
    sent = json.dumps(item(await a_campaign(http)))

    answer = await http.post(ONE, content=sent, headers={"Content-Type": kind})

    assert answer.status_code == 201


async def _in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


@pytest.mark.parametrize("path", [ONE, MANY, "/v1/integrations/marketo/responses"])
@pytest.mark.parametrize("has_key", [False, True])
async def test_a_body_over_the_limit_is_413_in_one_piece_or_in_chunks(
    settings: Settings, tenant: Tenant, path: str, has_key: bool
) -> None:
    body = json.dumps({"canary": CANARY * 100}).encode()
    headers = JSON | ({"Idempotency-Key": "k"} if has_key else {})
    small = Http.model_validate({"max_body": 1_000})

    async with another_process(settings, tenant, http=small) as http:
        answers = [
            await http.post(path, content=body, headers=headers),
            await http.post(path, content=_in_chunks(body), headers=headers),
        ]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert CANARY not in answer.text


async def test_of_many_faults_fifty_are_told(http: httpx.AsyncClient) -> None:
    answer = await http.post(ONE, json={f"field {n}": CANARY for n in range(1_000)})

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 50
    assert CANARY not in answer.text


async def test_the_external_id_of_a_rejected_item_is_shown_only_if_it_is_harmless(
    http: httpx.AsyncClient,
) -> None:
    shown = ["m-1", "x" * 256, "m\x00", "m\ud800", 7, None, ["m"]]
    raw = json.dumps({"responses": [{"external_id": one, "shoe": 1} for one in shown]})

    answer = await http.post(MANY, content=raw, headers=JSON)

    found = [one["external_id"] for one in answer.json()["results"]]
    assert found == ["m-1", *[None] * 6]


@pytest.mark.parametrize(
    "text", ["Ünï", "名前", "😀", "a\u0000b".replace("\u0000", "\u2028"), "\u202e", " x ", "'; --"]
)
async def test_every_other_text_is_kept_as_it_is(http: httpx.AsyncClient, text: str) -> None:
    sent = item(
        await a_campaign(http),
        {"external_id": text, "title": text, "attributes": {text: text}},
        external_id=text,
        attributes={text: {text: [text]}},
    )

    answer = await http.post(ONE, json=sent)

    assert (answer.status_code, answer.json()["external_id"]) == (201, text)
    (record,), (person,) = await listed(http), await people(http)
    assert record["attributes"] == {text: {text: [text]}}
    assert (person["external_id"], person["title"]) == (text, text)
    assert person["attributes"] == {text: text}
