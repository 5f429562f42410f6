"""Files of participants: put into sequences by the rules of the API, each row with its result."""

import json

import pytest

from app.core.auth import Scope
from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant
from tests.imports.imports_making import (
    Site,
    as_csv,
    failures,
    lines_of,
    retried,
    site_of,
    take_in,
)
from tests.imports.uploads_making import Json
from tests.people.making import upsert
from tests.sequences.making import OLD_ENOUGH

_CALL: Json = {"type": "call", "delay": "P1D"}


@pytest.fixture
def site(tenant: Tenant, resources: Resources) -> Site:
    return site_of(tenant, resources)


async def a_sequence(site: Site, name: str = "new leads", **fields: Json | str) -> Json:
    # Never active, so that no batch comes by in this test or in another.
    wanted = {"name": name, "object": "lead", "actions": [_CALL], **fields}
    answer = await site.http.post("/v1/sequences", json=wanted)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def participants(site: Site, sequence: Json) -> list[Json]:
    found = await site.http.get(f"/v1/sequences/{sequence['id']}/participants")
    items: list[Json] = found.json()["items"]
    return items


async def test_who_may_not_put_people_in_by_a_call_may_not_by_a_file(
    site: Site, tenant: Tenant, make_tenant: MakeTenant
) -> None:
    sequence = await a_sequence(site)
    loader = await make_tenant(Scope.READ, Scope.INGEST, account=tenant.name)
    wanted = {"object": "participants", "sequence": sequence["id"]}

    opened = await loader.http.post("/v1/uploads", json=wanted)
    sent = await loader.http.post("/v1/imports", params=wanted, content=b"email\nada@example.com\n")

    for answer in (opened, sent):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert (await loader.http.get("/v1/uploads")).json()["items"] == []


async def test_who_may_not_put_people_in_may_not_try_their_rows_again(
    site: Site, tenant: Tenant, make_tenant: MakeTenant
) -> None:
    await a_sequence(site)
    rows = as_csv(["email"], [["nobody@example.com"]])
    done = await take_in(site, rows, object="participants", sequence="new leads")
    loader = await make_tenant(Scope.READ, Scope.INGEST, account=tenant.name)
    retry = f"/v1/runs/{done.upload['run_id']}/retry-failed"

    refused = await loader.http.post(retry)
    allowed = await site.http.post(retry)

    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    assert allowed.status_code == 202


async def test_each_row_has_the_result_that_it_has_over_http(site: Site) -> None:
    sequence = await a_sequence(site, entrance=OLD_ENOUGH)
    ada = await upsert(site.http, email="ada@example.com", score=80)
    await upsert(site.http, email="bob@example.com", external_id="x2", score=80)
    await upsert(site.http, email="poor@example.com", score=1)
    await upsert(site.http, email="out@example.com", score=80, opted_out=True)

    done = await take_in(
        site,
        as_csv(
            ["person", "external_id", "email"],
            [
                [ada["id"], "", ""],
                ["", "x2", ""],
                ["", "", "Bob@Example.com"],
                ["", "", "poor@example.com"],
                ["", "", "out@example.com"],
                ["", "", "nobody@example.com"],
                ["", "", "no address"],
            ],
        ),
        object="participants",
        sequence="new leads",
    )

    good = await lines_of(site, done.upload, "successful")
    assert done.counts == (7, 2, 2, 3, 0)
    assert done.upload["sequence_id"] == sequence["id"]
    assert [(one["result"], one["reason"]) for one in good] == [
        ("created", ""),
        ("created", ""),
        ("duplicate", ""),
        ("skipped", "entrance_criteria"),
        ("skipped", "opted_out"),
    ]
    in_it = await participants(site, sequence)
    assert [one["result_id"] for one in good[:2]] == [one["id"] for one in in_it]
    assert {one["enrolled_by"] for one in in_it} == {"marketo"}
    assert [(code, column) for code, column, _ in await failures(site, done.upload)] == [
        ("not_found", ""),
        ("bad_email", "email"),
    ]


async def test_a_row_may_name_its_sequence(site: Site) -> None:
    first, second = await a_sequence(site, "first"), await a_sequence(site, "second")
    await upsert(site.http, email="ada@example.com")

    rows = [
        {"email": "ada@example.com", "sequence": name} for name in ("first", second["id"], "third")
    ]
    content = "\n".join(map(json.dumps, rows)).encode()

    done = await take_in(site, content, object="participants", format="ndjson")

    assert done.counts == (3, 2, 1, 0, 0)
    assert [code for code, _, _ in await failures(site, done.upload)] == ["sequence_not_found"]
    assert [len(await participants(site, one)) for one in (first, second)] == [1, 1]


async def test_contact_roles_come_into_a_sequence_of_opportunities(site: Site) -> None:
    sequence = await a_sequence(site, object="opportunity")
    ada = await upsert(site.http, email="ada@example.com")
    await upsert(site.http, email="bob@example.com")
    answer = await site.http.post("/v1/opportunities", json={"name": "Deal"})
    deal = answer.json()
    contacts = {"contacts": [{"person_id": ada["id"]}]}
    await site.http.put(f"/v1/opportunities/{deal['id']}/contacts", json=contacts)

    done = await take_in(
        site,
        as_csv(
            ["opportunity", "email"],
            [[deal["id"], "ada@example.com"], [deal["id"], "bob@example.com"]],
        ),
        object="participants",
        sequence=sequence["id"],
    )

    assert done.counts == (2, 1, 1, 0, 0)
    assert [one["person_id"] for one in await participants(site, sequence)] == [ada["id"]]


async def test_what_failed_can_be_put_in_again(site: Site) -> None:
    sequence = await a_sequence(site)
    rows = as_csv(["email"], [["ada@example.com"], ["bob@example.com"]])
    await upsert(site.http, email="ada@example.com")
    done = await take_in(site, rows, object="participants", sequence="new leads")
    await upsert(site.http, email="bob@example.com")

    again = await retried(site, done.run)

    assert (done.counts, again.counts) == ((2, 1, 1, 0, 0), (1, 1, 0, 0, 0))
    assert len(await participants(site, sequence)) == 2


@pytest.mark.parametrize(
    ("asked", "pointer", "code"),
    [
        ({"object": "participants", "sequence": "nowhere"}, "/sequence", "sequence_not_found"),
        ({"object": "people", "sequence": "new leads"}, "/sequence", "sequence_of_others"),
        ({"object": "participants", "operation": "update"}, "/operation", "not_of_participants"),
        ({"object": "participants", "campaign": "spring"}, "/campaign", "campaign_of_people"),
    ],
)
async def test_what_makes_no_sense_of_participants_is_refused(
    site: Site, asked: Json, pointer: str, code: str
) -> None:
    await a_sequence(site)

    answer = await site.http.post("/v1/uploads", json=asked)

    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]


async def test_a_file_that_names_no_sequence_is_refused_as_a_whole(site: Site) -> None:
    done = await take_in(site, as_csv(["email"], [["ada@example.com"]]), object="participants")

    assert (done.run["state"], done.run["error"]["code"]) == ("failed", "missing_column")
