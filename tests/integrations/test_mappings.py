"""Saved mappings over HTTP: what is kept and what is refused."""

import asyncio
from typing import Any

import httpx
import pytest

from app.core.auth import Scope
from tests.campaigns.making import pointers_of
from tests.conftest import MakeTenant

URL = "/v1/integrations/marketo"
LEAST: dict[str, Any] = {
    "campaign": {"value": "spring-2026"},
    "person.email": {"field": "lead.Email"},
}


async def put(http: httpx.AsyncClient, mapping: Any, **headers: str) -> httpx.Response:
    return await http.put(URL, json={"mapping": mapping}, headers=headers)


async def test_a_mapping_is_kept_as_it_was_sent(http: httpx.AsyncClient) -> None:
    mapping = LEAST | {
        "external_id": {"field": "activity_id"},
        "score": {"field": "points", "default": 5},
        "response_prompt": {"value": False},
        "responded_at": {"field": "at", "format": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"},
        "person.score": {"field": "lead.Score"},
        "person.do_pending_scoring": {"value": True},
        "attributes.page url": {"field": "url", "default": ["none"]},
        "person.attributes.a.b": {"value": {"c": 1}},
    }

    saved = await put(http, mapping)

    assert (saved.status_code, saved.headers["ETag"]) == (201, '"1"')
    assert saved.json()["name"] == "marketo"
    assert saved.json()["mapping"] == mapping
    assert (await http.get(URL)).json() == saved.json()


async def test_a_second_put_replaces_the_mapping(http: httpx.AsyncClient) -> None:
    await put(http, LEAST | {"score": {"value": 1}})

    again = await put(http, LEAST)

    assert (again.status_code, again.headers["ETag"]) == (200, '"2"')
    assert (await http.get(URL)).json()["mapping"] == LEAST


async def test_a_stale_etag_is_refused(http: httpx.AsyncClient) -> None:
    absent = await put(http, LEAST, **{"If-Match": '"1"'})
    await put(http, LEAST)
    await put(http, LEAST, **{"If-Match": '"1"'})
    stale = await put(http, LEAST, **{"If-Match": '"1"'})
    kept = await http.delete(URL, headers={"If-Match": '"1"'})

    assert [absent.status_code, stale.status_code, kept.status_code] == [412, 412, 412]
    assert (await http.get(URL)).headers["ETag"] == '"2"'


async def test_of_two_first_puts_at_once_one_creates(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(put(http, LEAST) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]


async def test_the_list_is_ordered_by_name(http: httpx.AsyncClient) -> None:
    for name in ("marketo", "eloqua"):
        await http.put(f"/v1/integrations/{name}", json={"mapping": LEAST})

    page = (await http.get("/v1/integrations")).json()

    assert [item["name"] for item in page["items"]] == ["eloqua", "marketo"]
    assert page["next_cursor"] is None


async def test_a_deleted_integration_is_gone(http: httpx.AsyncClient) -> None:
    await put(http, LEAST)

    assert (await http.delete(URL)).status_code == 204
    for answer in (await http.get(URL), await http.delete(URL)):
        assert (answer.status_code, answer.json()["code"]) == (404, "integration_not_found")


async def test_an_account_has_at_most_a_hundred_integrations(http: httpx.AsyncClient) -> None:
    for number in range(100):
        await http.put(f"/v1/integrations/i{number}", json={"mapping": LEAST})

    beyond = await put(http, LEAST)
    again = await http.put("/v1/integrations/i7", json={"mapping": LEAST})

    assert (beyond.status_code, beyond.json()["code"]) == (409, "too_many_integrations")
    assert again.status_code == 200


@pytest.mark.parametrize("name", ["Marketo", "mar keto", "-m", "m" * 65])
async def test_a_name_is_a_short_word_for_urls(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.put(f"/v1/integrations/{name}", json={"mapping": LEAST})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "?name")


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"person.shoe_size": {"field": "s"}}, ("/person.shoe_size", "unknown_target")),
        ({"attributes.": {"field": "s"}}, ("/attributes.", "unknown_target")),
        ({"a/b~c": {"field": "s"}}, ("/a~1b~0c", "unknown_target")),
        ({"score": {}}, ("/score", "one_of")),
        ({"score": {"field": "secret", "value": 1}}, ("/score", "one_of")),
        ({"score": "secret"}, ("/score", "model_attributes_type")),
        ({"score": {"field": ""}}, ("/score/field", "too_short")),
        ({"score": {"field": "s", "path": "secret"}}, ("/score/path", "extra_forbidden")),
        ({"score": {"value": "secret"}}, ("/score/value", "wrong_constant")),
        ({"score": {"field": "s", "default": "5"}}, ("/score/default", "wrong_constant")),
        ({"score": {"value": 1, "default": 2}}, ("/score/default", "not_here")),
        ({"response_prompt": {"value": "secret"}}, ("/response_prompt/value", "wrong_constant")),
        ({"external_id": {"value": 7}}, ("/external_id/value", "wrong_constant")),
        ({"external_id": {"value": " "}}, ("/external_id/value", "wrong_constant")),
        ({"person.id": {"value": "secret"}}, ("/person.id/value", "wrong_constant")),
        ({"person.owner": {"value": "o" * 201}}, ("/person.owner/value", "wrong_constant")),
        ({"attributes.a": {"value": "x\x00"}}, ("/attributes.a/value", "wrong_constant")),
        ({"attributes.a": {"value": None}}, ("/attributes.a/value", "wrong_constant")),
        ({"score": {"field": "s", "format": "%Y"}}, ("/score/format", "not_here")),
        ({"score": {"field": "s", "timezone": "UTC"}}, ("/score/timezone", "not_here")),
        ({"responded_at": {"value": "2026-03-10"}}, ("/responded_at/value", "wrong_constant")),
    ],
)
async def test_a_mapping_that_makes_no_sense_is_refused_at_the_place(
    http: httpx.AsyncClient, extra: dict[str, Any], expected: tuple[str, str]
) -> None:
    answer = await put(http, LEAST | extra)

    assert answer.status_code == 422
    assert pointers_of(answer) == [(f"/mapping{expected[0]}", expected[1])]
    assert "secret" not in answer.text
    assert (await http.get(URL)).status_code == 404


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"format": "%H:%M", "timezone": "UTC"}, ("/format", "bad_format")),
        ({"format": "%d.%m %H:%M", "timezone": "UTC"}, ("/format", "bad_format")),
        ({"format": "%Y-%m-%d %Y", "timezone": "UTC"}, ("/format", "bad_format")),
        ({"format": "secret%", "timezone": "UTC"}, ("/format", "bad_format")),
        ({"format": "%Y-%m-%d %Q", "timezone": "UTC"}, ("/format", "bad_format")),
        ({"format": "%Y-%m-%d"}, ("/timezone", "missing")),
        ({"format": "%Y-%m-%d %%z"}, ("/timezone", "missing")),
        ({"timezone": "Mars/Secret"}, ("/timezone", "unknown_timezone")),
    ],
)
async def test_a_time_needs_a_format_of_a_whole_date_and_a_zone(
    http: httpx.AsyncClient, source: dict[str, str], expected: tuple[str, str]
) -> None:
    answer = await put(http, LEAST | {"responded_at": {"field": "at"} | source})

    assert answer.status_code == 422
    assert pointers_of(answer) == [(f"/mapping/responded_at{expected[0]}", expected[1])]
    assert "ecret" not in answer.text


async def test_a_mapping_needs_a_campaign_and_a_person(http: httpx.AsyncClient) -> None:
    answer = await put(http, {"person.title": {"field": "t"}, "nope": {"value": 1}})

    assert pointers_of(answer) == [
        ("/mapping/nope", "unknown_target"),
        ("/mapping/campaign", "missing"),
        ("/mapping", "no_identity"),
    ]


async def test_the_integrations_of_another_account_do_not_exist(make_tenant: MakeTenant) -> None:
    mine, other = await make_tenant(), await make_tenant()
    await put(mine.http, LEAST)

    for answer in (await other.http.get(URL), await other.http.delete(URL)):
        assert (answer.status_code, answer.json()["code"]) == (404, "integration_not_found")
    assert (await other.http.get("/v1/integrations")).json()["items"] == []
    assert (await put(other.http, LEAST)).status_code == 201


async def test_reading_needs_read_and_changing_needs_manage(make_tenant: MakeTenant) -> None:
    reader, manager = await make_tenant(Scope.READ), await make_tenant(Scope.MANAGE)

    for answer in (
        await put(reader.http, LEAST),
        await reader.http.delete(URL),
        await manager.http.get(URL),
        await manager.http.get("/v1/integrations"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
