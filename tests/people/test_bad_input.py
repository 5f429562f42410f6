"""Whatever is sent: never a 500, and never the input in the answer."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.core.settings import Http, Settings
from app.main import create_app
from tests.conftest import Tenant
from tests.people.making import pointers_of

CANARY = "canary-7f3a"
JSON = {"Content-Type": "application/json"}
DEEP = "[" * 12 + "1" + "]" * 12


def is_problem(answer: httpx.Response, status: int) -> bool:
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert CANARY not in answer.text
    assert answer.json()["status"] == answer.status_code
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    return answer.status_code == status


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"title": f"{CANARY}\x00"}, "/title", "bad_text"),
        ({"title": f"{CANARY}\ud800"}, "/title", "string_unicode"),
        ({"title": CANARY * 100_000}, "/title", "string_too_long"),
        ({"title": 1}, "/title", "string_type"),
        ({"email": CANARY}, "/email", "bad_email"),
        ({"email": f"{CANARY}\x00@example.com"}, "/email", "bad_text"),
        ({"email": f"{CANARY}\ud800@example.com"}, "/email", "string_unicode"),
        ({"email": CANARY * 100_000 + "@example.com"}, "/email", None),
        ({"email": "@" * 1_000_000}, "/email", None),
        ({"email": {CANARY: 1}}, "/email", "string_type"),
        ({"external_id": ""}, "/external_id", "string_too_short"),
        ({"external_id": CANARY * 100}, "/external_id", "string_too_long"),
        ({"id": CANARY}, "/id", "uuid_parsing"),
        ({"score": CANARY}, "/score", "int_type"),
        ({"score": "1"}, "/score", "int_type"),
        ({"score": 1.5}, "/score", "int_type"),
        ({"score": True}, "/score", "int_type"),
        ({"score": 10**30}, "/score", "less_than_equal"),
        ({"score": -(10**30)}, "/score", "greater_than_equal"),
        ({"opted_out": "yes"}, "/opted_out", "bool_type"),
        ({"opted_out": 1}, "/opted_out", "bool_type"),
        ({"do_pending_scoring": "true"}, "/do_pending_scoring", "bool_type"),
        ({"attributes": [CANARY]}, "/attributes", "dict_type"),
        ({"attributes": {"a": f"{CANARY}\x00"}}, "/attributes/a", "bad_text"),
        ({"attributes": {"a": [{"b": "\ud800"}]}}, "/attributes/a/0/b", "bad_text"),
        ({"attributes": {"a\x00": 1}}, "/attributes", "bad_text"),
        ({"attributes": {"a": json.loads(DEEP)}}, "/attributes", "too_deep"),
        ({"attributes": {"a": CANARY * 2_000}}, "/attributes", "too_large"),
        ({"attributes": {"a": CANARY * 100_000}}, "/attributes", "too_large"),
        ({"response_status": CANARY}, "/response_status", "extra_forbidden"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_wrong_value_is_named_and_not_repeated(
    http: httpx.AsyncClient, fields: dict[str, Any], pointer: str, code: str | None, method: str
) -> None:
    body = {"external_id": "e"} | fields
    made = (await http.post("/v1/people", json={"external_id": "e"})).json()
    path = "/v1/people" if method == "POST" else f"/v1/people/{made['id']}"
    if method == "PATCH" and "id" in fields:
        code = "extra_forbidden"

    answer = await http.request(method, path, content=json.dumps(body), headers=JSON)

    assert is_problem(answer, 422)
    ((shown_pointer, shown_code),) = pointers_of(answer)
    assert shown_pointer == pointer
    assert code in (None, shown_code)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"null", b"[]", b"1", b'"canary-7f3a"', b'{"score": NaN}',
        b'{"score": Infinity}',
        b'{"score": 1e400}', b'{"attributes": {"a": 1e400}}', b'{"title": "\xff\xfe"}', b"\x00",
        b"[" * 100_000, b'{"attributes":' * 50_000, b'{"score": ' + b"9" * 5_000 + b"}",
        b'\xef\xbb\xbf{"email": "a@example.com"}', b"canary-7f3a=1",
    ],
    ids=range(17),
)  # fmt: skip
async def test_a_body_that_is_no_json_object_is_refused(
    http: httpx.AsyncClient, content: bytes
) -> None:
    answer = await http.post("/v1/people", content=content, headers=JSON)

    assert is_problem(answer, 422)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x", None]
)
async def test_another_content_type_is_refused_with_415(
    http: httpx.AsyncClient, kind: str | None
) -> None:
    headers = {"Content-Type": kind} if kind else {}

    answer = await http.post("/v1/people", content=b'{"email": "a@example.com"}', headers=headers)

    assert is_problem(answer, 415)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/merge+json"])
async def test_every_form_of_json_is_taken(http: httpx.AsyncClient, kind: str) -> None:
    answer = await http.post(
        "/v1/people", content=b'{"email": "a@example.com"}', headers={"Content-Type": kind}
    )

    assert answer.status_code == 201


@pytest.mark.parametrize("header", ["Idempotency-Key", "If-Match", "X-Request-Id"])
async def test_odd_headers_are_no_500(http: httpx.AsyncClient, header: str) -> None:
    for value in (b"\xff\xfe", b'"' * 300, b"W/", b""):
        made = await http.post(
            "/v1/people", json={"email": "a@example.com"}, headers=[(header.encode(), value)]
        )
        assert made.status_code in (200, 201, 422)
        person = (await http.post("/v1/people", json={"email": "a@example.com"})).json()
        changed = await http.patch(
            f"/v1/people/{person['id']}", json={}, headers=[(header.encode(), value)]
        )
        assert changed.status_code in (200, 412, 422)


@pytest.mark.parametrize("path", ["/v1/people/x", "/v1/people/%00", "/v1/people/%FF", "/v1/nope"])
async def test_a_path_that_leads_nowhere_is_a_problem(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert is_problem(answer, 404 if path == "/v1/nope" else 422)


async def test_another_method_is_405(http: httpx.AsyncClient) -> None:
    answer = await http.delete("/v1/people")

    assert is_problem(answer, 405)
    assert answer.json()["code"] == "method_not_allowed"
    assert "GET" in answer.headers["Allow"] or "POST" in answer.headers["Allow"]


@pytest.fixture
async def small(settings: Settings, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """The tenant's client of an application that takes 1,000 bytes."""
    app = create_app(settings.model_copy(update={"http": Http.model_validate({"max_body": 1_000})}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {tenant.key}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://penstock", headers=headers
        ) as client,
    ):
        yield client


async def _in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("has_key", [False, True])
async def test_a_body_over_the_limit_is_413(
    small: httpx.AsyncClient, is_chunked: bool, has_key: bool
) -> None:
    body = json.dumps({"email": "a@example.com", "title": CANARY * 200}).encode()
    headers = JSON | ({"Idempotency-Key": "k"} if has_key else {})

    answer = await small.post(
        "/v1/people", content=_in_chunks(body) if is_chunked else body, headers=headers
    )
    under = await small.post(
        "/v1/people", content=_in_chunks(b'{"email": "a@example.com"}'), headers=headers
    )

    assert is_problem(answer, 413)
    assert answer.json()["code"] == "body_too_large"
    assert under.status_code == 201
