"""An upload from its opening to its end."""

from typing import Any

import httpx
import pytest

from app.core.auth import Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from app.models.states import RunState
from tests.campaigns.making import make_campaign
from tests.conftest import MakeTenant, Tenant
from tests.imports.uploads_making import (
    PEOPLE,
    an_upload,
    become,
    end_run,
    offset_of,
    pieces_of,
    put,
    read,
    source_of,
)


async def test_an_upload_is_opened_filled_and_completed(http: httpx.AsyncClient) -> None:
    made = await an_upload(http)
    sent = await put(http, made, PEOPLE)
    filled = await read(http, made)
    done = await become(http, made, "UploadComplete")
    run = await http.get(done.headers["Location"])

    assert (made["state"], made["operation"], made["size_bytes"]) == ("Open", "upsert", 0)
    assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, str(len(PEOPLE)))
    assert (filled["state"], filled["size_bytes"]) == ("Open", len(PEOPLE))
    assert done.status_code == 202
    assert done.json()["state"] == "UploadComplete"
    assert done.json()["counts"] is None
    assert done.json()["expires_at"] is None
    assert done.headers["Location"] == f"/v1/runs/{done.json()['run_id']}"
    assert run.json()["kind"] == "import"
    assert run.json()["state"] == "queued"
    assert run.json()["upload_id"] == made["id"]
    assert run.json()["requested_by"] == "marketo"


async def test_what_was_ordered_reads_back(http: httpx.AsyncClient) -> None:
    campaign = await make_campaign(http)
    order = {
        "object": "responses",
        "operation": "insert",
        "campaign": campaign["code"],
        "mapping": {"E-Mail": "person.email", "Notes": None},
        "format": {"type": "csv", "delimiter": "pipe", "encoding": "cp1252"},
        "expected_rows": 12,
        "sha256": "AB" * 32,
        "on_error": {"stop_after": 3},
    }
    answer = await http.post("/v1/uploads", json=order)
    made = answer.json()

    assert answer.headers["Location"] == f"/v1/uploads/{made['id']}"
    assert made["campaign_id"] == campaign["id"]
    assert made["format"]["compression"] == "auto"
    assert made["sha256"] == "ab" * 32
    assert {name: made[name] for name in ("mapping", "expected_rows", "on_error", "operation")} == {
        name: order[name] for name in ("mapping", "expected_rows", "on_error", "operation")
    }
    assert (await an_upload(http, format="ndjson"))["format"]["type"] == "ndjson"
    assert (await an_upload(http, on_error="continue"))["on_error"] == "continue"
    assert await read(http, made) == made


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"object": None}, ("/object", "missing")),
        ({"object": "responses", "campaign": "none"}, ("/campaign", "campaign_not_found")),
        ({"campaign": "any"}, ("/campaign", "campaign_of_people")),
        ({"retry_of": str(uuid7())}, ("/retry_of", "run_not_found")),
        ({"sha256": "12"}, ("/sha256", "string_pattern_mismatch")),
        ({"format": "xlsx"}, ("/format", "unknown_format")),
        ({"source": {"url": "http://example.com/"}}, ("/source/url", "not_https")),
        ({"source": {"url": "https://u:p@example.com/"}}, ("/source/url", "bad_url")),
        ({"source": {"url": "https://"}}, ("/source/url", "bad_url")),
        ({"mapping": {f"c{n}": None for n in range(1001)}}, ("/mapping", "too_long")),
        ({"expected_rows": -1}, ("/expected_rows", "greater_than_equal")),
        ({"state": "Open"}, ("/state", "extra_forbidden")),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(
    http: httpx.AsyncClient, fields: dict[str, Any], fault: tuple[str, str]
) -> None:
    answer = await http.post("/v1/uploads", json={"object": "people", **fields})

    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [fault]


@pytest.mark.parametrize(
    "headers", [{"Host": "x"}, {"A B": "x"}, {"Token": "a\r\nHost: b"}, {"Token": "ü"}]
)
async def test_a_source_has_plain_headers(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    source = {"url": "https://example.com/", "headers": headers}
    answer = await http.post("/v1/uploads", json={"object": "people", "source": source})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "bad_header"


async def test_a_source_is_sealed_and_never_shown(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources
) -> None:
    source = {"url": "https://example.com/hush", "headers": {"X-Token": "whisper"}}
    made = await an_upload(http, source=source)

    refused = await put(http, made, PEOPLE)
    opened = await source_of(resources, tenant, made)

    assert made["has_source"] is True
    assert "source" not in made
    assert (refused.status_code, refused.json()["code"]) == (409, "upload_has_source")
    assert opened.model_dump() == source
    assert (await become(http, made, "UploadComplete")).status_code == 202


async def test_what_has_started_takes_no_content_and_starts_once(http: httpx.AsyncClient) -> None:
    made = await an_upload(http)
    await put(http, made, PEOPLE)
    await become(http, made, "UploadComplete")

    again = await become(http, made, "UploadComplete")
    late = await put(http, made, PEOPLE)

    assert (again.status_code, again.json()["code"]) == (409, "wrong_upload_state")
    assert (late.status_code, late.json()["code"]) == (409, "upload_not_open")
    assert await offset_of(http, made) == len(PEOPLE)


async def test_an_empty_file_may_start(http: httpx.AsyncClient) -> None:
    assert (await become(http, await an_upload(http), "UploadComplete")).status_code == 202


async def test_an_open_upload_is_aborted_for_good(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources
) -> None:
    made = await an_upload(http)
    await put(http, made, PEOPLE)
    (piece,) = await pieces_of(resources, tenant, made)

    for _ in range(2):
        aborted = await become(http, made, "Aborted")
        assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")

    assert not await resources.files.exists(piece.name)
    assert (await put(http, made, PEOPLE)).json()["code"] == "upload_not_open"
    assert (await become(http, made, "UploadComplete")).json()["code"] == "wrong_upload_state"


async def test_aborting_stops_the_run(http: httpx.AsyncClient) -> None:
    made = await an_upload(http)
    run = (await become(http, made, "UploadComplete")).headers["Location"]

    for _ in range(2):
        aborted = await become(http, made, "Aborted")
        assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")
    assert (await http.get(run)).json()["state"] == "cancelled"


async def test_what_is_done_is_not_aborted(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources
) -> None:
    made = await an_upload(http)
    await become(http, made, "UploadComplete")
    await end_run(resources, tenant, made, RunState.FAILED, error=("empty_file", "It is empty."))

    refused = await become(http, made, "Aborted")
    shown = await read(http, made)

    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_upload_state")
    assert shown["state"] == "Failed"
    assert shown["error"] == {"code": "empty_file", "detail": "It is empty."}


async def test_corrected_rows_are_uploaded_against_a_run_that_has_ended(
    http: httpx.AsyncClient, tenant: Tenant, resources: Resources
) -> None:
    campaign = await make_campaign(http)
    mapping = {"Mail": "person.email"}
    made = await an_upload(
        http, object="responses", operation="insert", campaign=campaign["code"], mapping=mapping
    )
    run_id = (await become(http, made, "UploadComplete")).json()["run_id"]

    early = await http.post("/v1/uploads", json={"retry_of": run_id})
    await end_run(resources, tenant, made, RunState.SUCCEEDED)
    corrected = (await http.post("/v1/uploads", json={"retry_of": run_id})).json()
    started = (await become(http, corrected, "UploadComplete")).headers["Location"]

    assert (early.status_code, early.json()["code"]) == (409, "run_not_ended")
    assert corrected["parent_run_id"] == run_id
    for name in ("object", "operation", "campaign_id", "mapping"):
        assert corrected[name] == made[name]
    assert (await http.get(started)).json()["parent_run_id"] == run_id


async def test_the_list_is_newest_first_and_filtered(http: httpx.AsyncClient) -> None:
    made = [await an_upload(http) for _ in range(3)]
    await become(http, made[1], "Aborted")

    first = (await http.get("/v1/uploads", params={"limit": 2})).json()
    rest = await http.get("/v1/uploads", params={"limit": 2, "cursor": first["next_cursor"]})
    still = (await http.get("/v1/uploads", params={"state": "Open"})).json()

    shown = first["items"] + rest.json()["items"]
    assert [one["id"] for one in shown] == [one["id"] for one in reversed(made)]
    assert [one["id"] for one in still["items"]] == [made[2]["id"], made[0]["id"]]


@pytest.mark.parametrize(
    ("scope", "reads", "writes"),
    [
        (Scope.READ, 200, 403),
        (Scope.INGEST, 200, 201),
        (Scope.MANAGE, 200, 201),
        (Scope.OPERATE, 403, 403),
    ],
)
async def test_who_may_do_what(
    make_tenant: MakeTenant, scope: Scope, reads: int, writes: int
) -> None:
    tenant = await make_tenant(scope)

    assert (await tenant.http.get("/v1/uploads")).status_code == reads
    made = await tenant.http.post("/v1/uploads", json={"object": "people"})
    assert made.status_code == writes
