"""What is in an export: which rows, which columns, written how."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.resources import Resources
from tests.campaigns.making import make_campaign
from tests.conftest import MakeTenant, Tenant
from tests.exports.making import exported, objects_of, order, rows_of, write
from tests.people.making import an_email, upsert
from tests.responses.engine_making import post, read


def is_title(value: str) -> dict[str, Any]:
    return {"field": "person.title", "op": "equals", "value": value}


async def test_people_are_exported_with_all_that_the_api_shows(
    tenant: Tenant, resources: Resources
) -> None:
    ada = await upsert(
        tenant.http,
        email=an_email(),
        first_name="Ada",
        score=-7,
        opted_out=True,
        attributes={"team": 12, "tags": ["a", None], "nested": {"ü": 1.5}},
    )
    shown = (await tenant.http.get(f"/v1/people/{ada['id']}")).json()
    del shown["do_pending_scoring"]

    assert await objects_of(resources, tenant, object="people") == [shown]
    (row,) = await rows_of(resources, tenant, object="people")
    assert list(row) == list(shown)
    assert (row["score"], row["opted_out"], row["email_opted_out"]) == ("-7", "true", "false")
    assert (row["last_name"], row["created_at"]) == ("", shown["created_at"])


async def test_responses_are_exported_with_their_person_and_campaign(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await make_campaign(tenant.http)
    email = an_email()
    taken = await post(
        tenant.http, campaign, person={"email": email, "title": "VP"}, attributes={"page": "/a"}
    )
    shown = await read(tenant.http, taken)

    (found,) = await objects_of(resources, tenant, object="responses")

    for name in shown.keys() - {"failure"}:
        assert found[name] == shown[name], name
    assert (found["campaign.code"], found["person.email"]) == (campaign["code"], email)
    assert found["person.external_id"] is None
    columns = ["person.title", "attributes.page", "status", "campaign.name", "id"]
    (row,) = await rows_of(resources, tenant, object="responses", columns=columns)
    assert list(row.items()) == [
        ("person.title", "VP"),
        ("attributes.page", "/a"),
        ("status", shown["status"]),
        ("campaign.name", "Spring"),
        ("id", shown["id"]),
    ]


async def test_runs_are_exported_as_the_api_shows_them(
    tenant: Tenant, resources: Resources
) -> None:
    earlier = [await order(tenant.http, object="people", raw=True) for _ in range(2)]

    found = await objects_of(resources, tenant, object="runs")

    assert [run["id"] for run in found[:2]] == [run["id"] for run in earlier]
    for name, value in earlier[0].items():
        if name not in ("error", "progress", "steps", "held_up"):
            assert found[0][name] == value, name


async def test_runs_are_narrowed_by_kind_state_and_time(
    tenant: Tenant, resources: Resources
) -> None:
    earlier = await order(tenant.http, object="people")
    queued_at = datetime.fromisoformat(earlier["queued_at"])
    just_after = (queued_at + timedelta(microseconds=1)).isoformat()
    until = {"object": "runs", "columns": ["id"], "to": just_after}

    async def ids(**filters: str) -> list[str]:
        rows = await rows_of(resources, tenant, **until, **filters)
        return [row["id"] for row in rows]

    here = [earlier["id"]]
    assert await ids() == here
    assert await ids(kind="export", state="queued") == here
    assert await ids(kind="scoring") == []
    assert await ids(state="succeeded") == []
    assert await ids(**{"from": earlier["queued_at"]}) == here
    assert await ids(**{"from": just_after}) == []


async def test_criteria_choose_the_rows(tenant: Tenant, resources: Resources) -> None:
    for title in ("VP", "vp", "Clerk", None):
        await upsert(tenant.http, email=an_email(), **({"title": title} if title else {}))

    for criteria, expected in (
        (is_title("vp"), ["VP", "vp"]),
        ({"not": is_title("vp")}, ["Clerk", ""]),
        ({"all": [is_title("vp"), {"field": "person.score", "op": "gt", "value": 0}]}, []),
        ({"field": "person.created_at", "op": "older_than", "value": "P1D"}, []),
    ):
        rows = await rows_of(resources, tenant, object="people", criteria=criteria)
        assert [row["title"] for row in rows] == expected


async def test_responses_are_narrowed_by_campaign_and_by_any_record(
    tenant: Tenant, resources: Resources
) -> None:
    campaigns = [await make_campaign(tenant.http, name=name) for name in ("One", "Two")]
    for campaign in campaigns:
        for title in ("VP", "Clerk"):
            person = {"email": an_email(), "title": title}
            await post(tenant.http, campaign, person=person, attributes={"n": 1})

    async def found(**filters: Any) -> list[tuple[str, str]]:
        columns = ["campaign.name", "person.title"]
        rows = await rows_of(resources, tenant, object="responses", columns=columns, **filters)
        return [(row["campaign.name"], row["person.title"]) for row in rows]

    assert await found(campaign=campaigns[0]["id"]) == [("One", "VP"), ("One", "Clerk")]
    assert await found(campaign=campaigns[1]["code"], criteria=is_title("VP")) == [("Two", "VP")]
    criteria: dict[str, Any] = {
        "all": [
            {"field": "campaign.name", "op": "equals", "value": "one"},
            {"field": "response.attributes.n", "op": "equals", "value": 1},
            is_title("Clerk"),
        ]
    }
    assert await found(criteria=criteria) == [("One", "Clerk")]


async def test_formulas_are_disarmed_unless_told(tenant: Tenant, resources: Resources) -> None:
    evil = '=HYPERLINK("http://evil", "x")'
    fields = {"title": evil, "phone": "+4930123", "company": "@x", "country": "-1+1"}
    await upsert(tenant.http, email=an_email(), **fields, attributes={"a": "=1", "n": -3})
    columns = [*fields, "attributes.a", "attributes.n"]

    (safe,) = await rows_of(resources, tenant, object="people", columns=columns)
    (raw,) = await rows_of(resources, tenant, object="people", columns=columns, raw=True)
    (typed,) = await objects_of(resources, tenant, object="people", columns=columns)

    assert list(safe.values()) == [f"'{evil}", "+4930123", "'@x", "'-1+1", "'=1", "-3"]
    assert list(raw.values()) == [*fields.values(), "=1", "-3"]
    assert list(typed.values()) == [*fields.values(), "=1", -3]


@pytest.mark.parametrize(
    "text", ["Grüße, 世界", 'a "b", c', "two\nlines", "a\r\nb", "🦆\u2028x", "\t", "'", "\\", "</>"]
)
async def test_texts_come_out_as_they_went_in(
    tenant: Tenant, resources: Resources, text: str
) -> None:
    await upsert(tenant.http, email=an_email(), title=text, attributes={text: text})
    columns = ["title", f"attributes.{text}"]

    (row,) = await rows_of(resources, tenant, object="people", columns=columns, raw=True)
    content = await exported(
        resources, tenant, object="people", columns=["title", "attributes"], format="ndjson"
    )

    assert row == dict.fromkeys(columns, text) | {"title": text}
    assert content.count("\n") == 1
    (found,) = await objects_of(resources, tenant, object="people", columns=columns)
    assert found == {"title": text, f"attributes.{text}": text}


async def test_attributes_keep_their_types_as_ndjson(tenant: Tenant, resources: Resources) -> None:
    attributes = {"n": 12, "f": 1.5, "t": True, "s": "12", "l": [1], "o": {"a": None}, "z": None}
    await upsert(tenant.http, email=an_email(), attributes=attributes)
    columns = [f"attributes.{key}" for key in [*attributes, "missing"]]

    (found,) = await objects_of(resources, tenant, object="people", columns=columns)
    (row,) = await rows_of(resources, tenant, object="people", columns=columns)

    assert [found[f"attributes.{key}"] for key in attributes] == list(attributes.values())
    assert found["attributes.missing"] is None
    assert list(row.values()) == ["12", "1.5", "true", "12", "[1]", '{"a": null}', "", ""]


async def test_an_export_of_nothing_is_a_header(tenant: Tenant, resources: Resources) -> None:
    columns = ["email", "attributes.x"]

    assert await exported(resources, tenant, object="people", columns=columns) == (
        "email,attributes.x\r\n"
    )
    assert await exported(resources, tenant, object="people", format="ndjson") == ""


async def test_an_export_holds_nothing_of_another_account(
    tenant: Tenant, resources: Resources, make_tenant: MakeTenant
) -> None:
    stranger = await make_tenant()
    campaign = await make_campaign(stranger.http)
    await post(stranger.http, campaign)
    await write(resources, stranger, await order(stranger.http, object="people"))

    for wanted in ("people", "responses"):
        assert await rows_of(resources, tenant, object=wanted) == []
    runs = await rows_of(resources, tenant, object="runs")
    assert len(runs) == 3
