"""Orders that make no sense are refused at once, with the places that are wrong."""

from typing import Any

import httpx
import pytest

from app.core.ids import uuid7
from tests.people.making import pointers_of

SCORE = {"field": "campaign.score", "op": "gt", "value": 1}
TITLE = {"field": "person.title", "op": "equals", "value": "VP"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"object": "people", "criteria": SCORE}, [("/criteria/field", "not_of_this_object")]),
        (
            {
                "object": "people",
                "criteria": {
                    "any": [
                        TITLE,
                        {"not": SCORE},
                        {"all": [{"field": "response.attributes.x", "op": "is_empty"}]},
                        {"field": "person.attributes.x", "op": "is_empty"},
                    ]
                },
            },
            [
                ("/criteria/any/1/not/field", "not_of_this_object"),
                ("/criteria/any/2/all/0/field", "not_of_this_object"),
            ],
        ),
        ({"object": "runs", "criteria": TITLE}, [("/criteria/field", "not_of_this_object")]),
        ({"object": "people", "campaign": "x"}, [("/campaign", "not_of_this_object")]),
        (
            {"object": "responses", "kind": "export", "state": "queued"},
            [("/kind", "not_of_this_object"), ("/state", "not_of_this_object")],
        ),
        (
            {"object": "people", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
            [("/from", "not_of_this_object"), ("/to", "not_of_this_object")],
        ),
        (
            {"object": "people", "columns": ["id", "person.id", "id", "attributes.", "status"]},
            [
                ("/columns/1", "unknown_column"),
                ("/columns/2", "named_twice"),
                ("/columns/3", "unknown_column"),
                ("/columns/4", "unknown_column"),
            ],
        ),
        ({"object": "runs", "columns": ["attributes.x"]}, [("/columns/0", "unknown_column")]),
        ({"object": "responses", "campaign": "nobody's"}, [("/campaign", "campaign_not_found")]),
    ],
)
async def test_what_does_not_go_together_is_refused(
    http: httpx.AsyncClient, wanted: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    answer = await http.post("/v1/exports", json=wanted)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_export")
    assert pointers_of(answer) == expected
    assert (await http.get("/v1/runs")).json()["items"] == []


async def test_criteria_that_make_no_sense_are_refused_with_their_places(
    http: httpx.AsyncClient,
) -> None:
    criteria = {"all": [TITLE, {"field": "person.titel", "op": "equals", "value": "VP"}]}

    answer = await http.post("/v1/exports", json={"object": "people", "criteria": criteria})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_criteria")
    assert [place for place, _ in pointers_of(answer)] == ["/criteria/all/1/field"]


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ({}, "/object"),
        ({"object": "campaigns"}, "/object"),
        ({"object": "people", "format": "xlsx"}, "/format"),
        ({"object": "people", "columns": []}, "/columns"),
        ({"object": "people", "columns": ["a\0"]}, "/columns/0"),
        ({"object": "people", "gzip": "yes"}, "/gzip"),
        ({"object": "people", "limit": 5}, "/limit"),
        ({"object": "runs", "from_": "2026-01-01T00:00:00Z"}, "/from_"),
        ({"object": "runs", "from": "2026-01-01"}, "/from"),
    ],
)
async def test_what_has_not_the_form_of_an_order_is_refused(
    http: httpx.AsyncClient, wanted: dict[str, Any], place: str
) -> None:
    answer = await http.post("/v1/exports", json=wanted)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert pointers_of(answer)[0][0] == place


async def test_a_campaign_is_kept_by_its_id(http: httpx.AsyncClient) -> None:
    code = f"c-{uuid7().hex}"
    made = await http.post("/v1/campaigns", json={"code": code, "name": "Spring"})

    wanted = {"object": "responses", "campaign": code}
    run = (await http.post("/v1/exports", json=wanted)).json()

    assert run["details"]["campaign"] == made.json()["id"]
