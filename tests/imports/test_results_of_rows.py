"""The three files: every row in exactly one of them, in the order of the upload, as it came."""

import csv
import io

import pytest

from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.settings import Settings
from tests.conftest import MakeTenant, Tenant
from tests.imports.imports_making import (
    Site,
    as_csv,
    failures,
    line_in,
    lines_of,
    order_file,
    site_of,
    take_in,
    take_in_upload,
    text_of,
)
from tests.imports.uploads_making import Json, an_upload, seen_with
from tests.responses.engine_making import a_campaign

FILES = ("successful", "failed", "unprocessed")
MIXED = as_csv(
    ["email", "title", "score"],
    [
        ["ada@example.com", "=1+1", "5"],
        ["nonsense", "Clerk", "5"],
        ["bob@example.com", 'says "hi", twice', "many"],
        ["cas@example.com", "two\nlines", "-3"],
        ["ada@example.com", "=1+1", ""],
    ],
)


async def test_each_file_has_the_rows_as_they_came_and_what_became_of_them(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)

    done = await take_in(site, MIXED)

    good, bad, left = [await lines_of(site, done.upload, which, raw="true") for which in FILES]
    assert [
        (one["row"], one["email"], one["title"], one["score"], one["result"]) for one in good
    ] == [
        ("1", "ada@example.com", "=1+1", "5", "created"),
        ("4", "cas@example.com", "two\nlines", "-3", "created"),
        ("5", "ada@example.com", "=1+1", "", "skipped"),
    ]
    assert good[0]["result_id"] == good[2]["result_id"] != good[1]["result_id"]
    assert [(one["email"], one["title"], one["score"]) for one in bad] == [
        ("nonsense", "Clerk", "5"),
        ("bob@example.com", 'says "hi", twice', "many"),
    ]
    assert [(one["error_code"], one["error_column"]) for one in bad] == [
        ("bad_email", "email"),
        ("int_type", "score"),
    ]
    assert [line_in(one["error"]) for one in bad] == [3, 4]
    assert left == []


async def test_headers_say_what_is_in_them(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)
    done = await take_in(site, MIXED)

    heads = [(await text_of(site, done.upload, which)).partition("\r\n")[0] for which in FILES]

    assert heads == [
        "email,title,score,row,result,result_id,reason",
        "email,title,score,error_code,error_column,error",
        "email,title,score",
    ]


async def test_no_cell_is_a_formula_unless_asked_for(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)
    content = as_csv(["email", "title"], [["a@example.com", "=cmd()"], ["@bad", "+call"]])
    done = await take_in(site, content)

    shown = [await text_of(site, done.upload, which) for which in FILES]
    raw = [await text_of(site, done.upload, which, raw="true") for which in FILES]

    assert ",'=cmd()," in shown[0]
    assert "\r\n'@bad,'+call," in shown[1]
    assert ",=cmd()," in raw[0]
    assert "\r\n@bad,+call," in raw[1]


async def test_rows_of_many_chunks_and_segments_come_in_the_order_of_the_file(
    tenant: Tenant, settings: Settings
) -> None:
    async with seen_with(settings, tenant, chunk_rows=7, segment_rows=40) as place:
        site = Site(place.http, place.resources, tenant.account_id)
        codes = [(await a_campaign(site.http))["code"] for _ in range(3)]
        rows = [
            [codes[number % 3], f"p{number}@example.com" if number % 5 else "nonsense"]
            for number in range(200)
        ]
        done = await take_in(site, as_csv(["campaign", "email"], rows), object="responses")
        good = await lines_of(site, done.upload, "successful")
        bad = await lines_of(site, done.upload, "failed")

    assert done.counts == (200, 160, 40, 0, 0)
    assert [int(one["row"]) for one in good] == [n + 1 for n in range(200) if n % 5]
    assert [one["campaign"] for one in good] == [codes[n % 3] for n in range(200) if n % 5]
    assert [one["campaign"] for one in bad] == [codes[n % 3] for n in range(200) if not n % 5]
    assert [line_in(one["error"]) for one in bad] == [n + 2 for n in range(200) if not n % 5]


async def test_the_failed_file_corrected_can_be_sent_again_as_it_is(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    first = await take_in(site, MIXED)
    wrong = (await text_of(site, first.upload, "failed", raw="true")).replace("many", "none")

    second = await take_in_upload(site, wrong.encode(), retry_of=first.run["id"])
    still = await text_of(site, second.upload, "failed", raw="true")
    right = still.replace("nonsense", "dot@example.com").replace("none", "7")
    third = await take_in_upload(site, right.encode(), retry_of=second.run["id"])

    assert second.counts == (2, 0, 2, 0, 0)
    assert second.run["parent_run_id"] == first.run["id"]
    assert still.partition("\r\n")[0] == "email,title,score,error_code,error_column,error"
    assert third.counts == (2, 2, 0, 0, 0)
    assert third.upload["parent_run_id"] == second.run["id"]
    assert [one["email"] for one in await lines_of(site, third.upload, "successful")] == [
        "dot@example.com",
        "bob@example.com",
    ]


async def test_columns_of_these_names_that_lead_to_a_field_are_the_senders_own(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    mapping = {"error": "title", "error_code": "company"}
    content = as_csv(
        ["email", "error", "error_code"], [["a@example.com", "Boss", "Acme"], ["bad", "B", "C"]]
    )

    done = await take_in_upload(site, content, object="people", mapping=mapping)

    (person,) = (await site.http.get("/v1/people")).json()["items"]
    assert (person["title"], person["company"]) == ("Boss", "Acme")
    text = await text_of(site, done.upload, "failed")
    assert text.partition("\r\n")[2].startswith("bad,B,C,bad_email,email,")


async def test_failed_records_of_ndjson_are_shown_as_csv(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    lines = [
        '{"email": "a@example.com", "attributes": {"team": 12}}',
        '{"email": "nonsense", "score": 3, "attributes": {"team": "red"}}',
        "{not json}",
        '{"email": "b@example.com", "shoe": 44}',
        "[1]",
    ]

    done = await take_in(site, "\n".join(lines).encode(), format="ndjson")

    bad = await lines_of(site, done.upload, "failed", raw="true")
    assert done.counts == (5, 1, 4, 0, 0)
    assert done.upload["columns"] == ["email", "attributes", "score", "shoe"]
    assert [
        (one["email"], one["attributes"], one["score"], one["shoe"], one["error_code"])
        for one in bad
    ] == [
        ("nonsense", '{"team": "red"}', "3", "", "bad_email"),
        ("{not json}", "", "", "", "json_invalid"),
        ("b@example.com", "", "", "44", "extra_forbidden"),
        ("[1]", "", "", "", "not_an_object"),
    ]
    assert [line_in(one["error"]) for one in bad] == [2, 3, 4, 5]
    corrected = [{**bad[0], "email": "c@example.com"}]
    again = as_csv(list(corrected[0]), [list(one.values()) for one in corrected])
    fields = {"retry_of": done.run["id"], "mapping": {"shoe": None}}
    assert (await take_in_upload(site, again, **fields)).counts == (1, 1, 0, 0, 0)


async def test_a_row_names_the_response_it_made_or_repeats(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    campaign = await a_campaign(tenant.http, repeat_limit=1)
    rows = [["e1", "a@example.com"], ["e1", "a@example.com"], ["e2", "a@example.com"]]
    terms: Json = {"object": "responses", "campaign": campaign["code"]}

    done = await take_in(site, as_csv(["external_id", "email"], rows), **terms)

    good = await lines_of(site, done.upload, "successful")
    assert [(one["result"], one["reason"]) for one in good] == [
        ("created", ""),
        ("duplicate", ""),
        ("skipped", "repeat_limit"),
    ]
    assert len({one["result_id"] for one in good}) == 1
    found = await tenant.http.get(f"/v1/responses/{good[0]['result_id']}")
    assert found.status_code == 200
    assert done.counts == (3, 1, 0, 2, 0)


async def test_there_are_no_files_before_the_content_is_complete(
    tenant: Tenant, resources: Resources
) -> None:
    made = await an_upload(tenant.http)
    queued = await order_file(site_of(tenant, resources), MIXED)

    for which in FILES:
        early = await tenant.http.get(f"/v1/uploads/{made['id']}/{which}")
        nobodys = await tenant.http.get(f"/v1/uploads/{uuid7()}/{which}")
        assert (early.status_code, early.json()["code"]) == (409, "upload_not_started")
        assert (nobodys.status_code, nobodys.json()["code"]) == (404, "upload_not_found")
    unread = await text_of(site_of(tenant, resources), queued, "unprocessed")
    assert list(csv.reader(io.StringIO(unread))) in ([], [[]])


@pytest.mark.parametrize("which", FILES)
async def test_another_account_sees_none_of_them(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources, which: str
) -> None:
    done = await take_in(site_of(tenant, resources), MIXED)

    answer = await (await make_tenant()).http.get(f"/v1/uploads/{done.upload['id']}/{which}")

    assert answer.status_code == 404
    assert await failures(site_of(tenant, resources), done.upload) != []
