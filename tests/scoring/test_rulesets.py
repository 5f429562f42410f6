"""Rulesets over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from app.core.auth import Scope
from app.core.ids import uuid7
from tests.campaigns.making import pointers_of
from tests.conftest import MakeTenant

URL = "/v1/scoring/rulesets"
VP = {"field": "person.title", "op": "contains", "value": "VP"}


def rule(name: str = "VPs", points: Any = 10, criteria: Any = VP) -> dict[str, Any]:
    return {"name": name, "criteria": criteria, "points": points}


async def add(http: httpx.AsyncClient, *rules: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(URL, json={"name": "2026", "rules": list(rules)})
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{URL}/{added['id']}"
    return added


async def list_all(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await http.get(URL)).json()["items"]
    return items


async def test_each_ruleset_is_the_next_version(http: httpx.AsyncClient) -> None:
    first, second = await add(http, rule()), await add(http)

    assert (first["version"], second["version"]) == (1, 2)
    assert first["rules"] == [rule()]
    assert (first["is_active"], first["activated_at"]) == (False, None)
    assert first["created_by"] == "marketo"
    assert (await http.get(f"{URL}/{first['id']}")).json() == first


async def test_rulesets_added_at_once_get_different_versions(http: httpx.AsyncClient) -> None:
    added = await asyncio.gather(*(add(http, rule()) for _ in range(6)))

    assert sorted(each["version"] for each in added) == [1, 2, 3, 4, 5, 6]


async def test_the_list_is_paged_by_version(http: httpx.AsyncClient) -> None:
    added = [await add(http) for _ in range(3)]

    first = (await http.get(URL, params={"limit": 2})).json()
    rest = (await http.get(URL, params={"cursor": first["next_cursor"]})).json()

    assert first["items"] + rest["items"] == added
    assert rest["next_cursor"] is None


async def test_exactly_one_ruleset_is_active(http: httpx.AsyncClient) -> None:
    first, second = await add(http), await add(http)

    for each in (first, second, first):
        answer = await http.post(f"{URL}/{each['id']}/activate")

        assert (answer.status_code, answer.json()["is_active"]) == (200, True)
        assert [one["id"] for one in await list_all(http) if one["is_active"]] == [each["id"]]


async def test_activating_the_active_ruleset_changes_nothing(http: httpx.AsyncClient) -> None:
    url = f"{URL}/{(await add(http))['id']}/activate"

    assert (await http.post(url)).json() == (await http.post(url)).json()


async def test_activations_at_once_leave_one_active(http: httpx.AsyncClient) -> None:
    added = [await add(http) for _ in range(5)]

    answers = await asyncio.gather(*(http.post(f"{URL}/{each['id']}/activate") for each in added))

    assert {answer.status_code for answer in answers} == {200}
    assert sum(one["is_active"] for one in await list_all(http)) == 1


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule(), rule()], ("/rules/1/name", "repeated")),
        ([rule(points=10**9 + 1)], ("/rules/0/points", "less_than_equal")),
        ([rule(points=1.5)], ("/rules/0/points", "int_type")),
        ([rule(name="")], ("/rules/0/name", "string_too_short")),
        ([{"name": "VPs", "points": 1}], ("/rules/0/criteria", "missing")),
        ([rule(str(n)) for n in range(201)], ("/rules", "too_long")),
    ],
)
async def test_rules_of_the_wrong_form_are_refused_at_the_place(
    http: httpx.AsyncClient, rules: list[Any], expected: tuple[str, str]
) -> None:
    answer = await http.post(URL, json={"name": "2026", "rules": rules})

    assert (answer.status_code, pointers_of(answer)) == (422, [expected])
    assert await list_all(http) == []


async def test_the_faults_of_all_rules_come_in_one_answer(http: httpx.AsyncClient) -> None:
    unknown = {"field": "person.shoe_size", "op": "equals", "value": 44}
    mistyped = {"field": "person.score", "op": "gt", "value": "secret"}
    rules = [
        rule("a", criteria={"all": [VP, unknown]}),
        rule("b"),
        rule("c", criteria={"not": mistyped}),
        rule("d", criteria=None),
        rule("e", criteria={"field": "person.title", "op": "equals", "value": "x\x00"}),
    ]

    answer = await http.post(URL, json={"name": "2026", "rules": rules})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_criteria")
    assert [pointer for pointer, _ in pointers_of(answer)] == [
        "/rules/0/criteria/all/1/field",
        "/rules/2/criteria/not/value",
        "/rules/3/criteria",
        "/rules/4/criteria/value",
    ]
    assert "secret" not in answer.text
    assert await list_all(http) == []


async def test_no_more_than_a_hundred_faults_are_listed(http: httpx.AsyncClient) -> None:
    rules = [rule(str(n), criteria={"all": [1, 2]}) for n in range(200)]

    answer = await http.post(URL, json={"name": "2026", "rules": rules})

    assert len(answer.json()["errors"]) == 100


async def test_a_repeated_request_adds_one_version(http: httpx.AsyncClient) -> None:
    wanted, headers = {"name": "2026", "rules": [rule()]}, {"Idempotency-Key": uuid7().hex}

    answers = [await http.post(URL, json=wanted, headers=headers) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len(await list_all(http)) == 1


async def test_the_rulesets_of_another_account_do_not_exist(make_tenant: MakeTenant) -> None:
    mine, other = await make_tenant(), await make_tenant()
    url = f"{URL}/{(await add(mine.http))['id']}"

    for answer in (await other.http.get(url), await other.http.post(f"{url}/activate")):
        assert (answer.status_code, answer.json()["code"]) == (404, "ruleset_not_found")
    assert await list_all(other.http) == []
    assert (await add(other.http))["version"] == 1


async def test_reading_needs_read_and_changing_needs_manage(make_tenant: MakeTenant) -> None:
    reader, manager = await make_tenant(Scope.READ), await make_tenant(Scope.MANAGE)

    for answer in (
        await reader.http.post(URL, json={"name": "2026", "rules": []}),
        await reader.http.post(f"{URL}/{uuid7()}/activate"),
        await manager.http.get(URL),
        await manager.http.get(f"{URL}/{uuid7()}"),
        await manager.http.get("/v1/criteria/fields"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


async def test_the_fields_of_criteria_are_listed_with_their_operators(
    http: httpx.AsyncClient,
) -> None:
    page = (await http.get("/v1/criteria/fields")).json()

    fields = {field["name"]: field for field in page["items"]}
    assert fields["person.title"]["type"] == "text"
    assert "contains" in fields["person.title"]["operators"]
    assert "person.attributes.<name>" in fields
    assert page["next_cursor"] is None
