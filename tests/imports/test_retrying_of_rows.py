"""Trying again exactly what failed and what was never attempted."""

import asyncio

import pytest

from app.core.ids import uuid7
from app.core.resources import Resources
from tests.conftest import Tenant
from tests.imports.imports_making import (
    as_csv,
    failures,
    get,
    line_in,
    lines_of,
    listed,
    order_file,
    retried,
    site_of,
    take_in,
)
from tests.responses.engine_making import a_campaign

ROWS = [["spring", f"p{number}@example.com"] for number in range(30)]
LATER = {4, 11, 29}
# Three rows name a campaign that is not there yet.
CONTENT = as_csv(
    ["campaign", "email"],
    [["winter", row[1]] if at in LATER else row for at, row in enumerate(ROWS)],
)


async def test_a_child_run_has_the_failed_rows_and_no_others(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    await a_campaign(tenant.http, code="spring")
    first = await take_in(site, CONTENT, object="responses")
    await a_campaign(tenant.http, code="winter")

    child = await retried(site, first.run)

    assert first.counts == (30, 27, 3, 0, 0)
    assert child.counts == (3, 3, 0, 0, 0)
    assert (child.run["trigger"], child.run["parent_run_id"]) == ("retry", first.run["id"])
    assert child.upload["id"] != first.upload["id"]
    assert child.upload["parent_run_id"] == first.run["id"]
    good = await lines_of(site, child.upload, "successful")
    assert [int(one["row"]) - 1 for one in good] == sorted(LATER)
    assert [one["email"] for one in good] == [ROWS[at][1] for at in sorted(LATER)]
    assert await failures(site, child.upload) == []
    # The parent says for ever what became of it.
    assert (await get(site, f"runs/{first.run['id']}")) == first.run
    assert len(await failures(site, first.upload)) == 3
    assert len(await listed(site, "responses")) == 30


async def test_what_fails_again_is_retried_from_the_child(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    await a_campaign(tenant.http, code="spring")
    first = await take_in(site, CONTENT, object="responses")

    child = await retried(site, first.run)
    again = await tenant.http.post(f"/v1/runs/{first.run['id']}/retry-failed")
    await a_campaign(tenant.http, code="winter")
    grandchild = await retried(site, child.run)

    assert child.counts == (3, 0, 3, 0, 0)
    assert child.run["state"] == "succeeded_with_warnings"
    lines = [line_in(said) for _, _, said in await failures(site, child.upload)]
    assert lines == [at + 2 for at in sorted(LATER)]
    assert (again.status_code, again.json()["code"]) == (409, "already_retried")
    assert child.run["id"] in again.json()["detail"]
    assert grandchild.counts == (3, 3, 0, 0, 0)


async def test_rows_that_cannot_be_read_fail_again_for_the_same_reason(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    content = b"email,title\na@example.com\nb@example.com,Bo\xffss\nc@example.com,Boss\n"
    first = await take_in(site, content)

    child = await retried(site, first.run)

    assert await failures(site, child.upload) == await failures(site, first.upload)
    assert [code for code, _, _ in await failures(site, child.upload)] == [
        "wrong_width",
        "bad_encoding",
    ]


async def test_where_all_went_well_there_is_nothing_to_retry(
    tenant: Tenant, resources: Resources
) -> None:
    done = await take_in(site_of(tenant, resources), as_csv(["email"], [["a@example.com"]]))

    answer = await tenant.http.post(f"/v1/runs/{done.run['id']}/retry-failed")

    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_retry")


async def test_of_two_that_retry_at_once_one_does(tenant: Tenant, resources: Resources) -> None:
    done = await take_in(site_of(tenant, resources), as_csv(["email"], [["bad"]]))

    place = f"/v1/runs/{done.run['id']}/retry-failed"
    answers = await asyncio.gather(*(tenant.http.post(place) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]


async def test_only_an_import_that_has_ended_can_be_retried(
    tenant: Tenant, resources: Resources
) -> None:
    waiting = await order_file(site_of(tenant, resources), CONTENT)

    early = await tenant.http.post(f"/v1/runs/{waiting['run_id']}/retry-failed")
    nobodys = await tenant.http.post(f"/v1/runs/{uuid7()}/retry-failed")

    assert (early.status_code, early.json()["code"]) == (409, "not_an_import")
    assert (nobodys.status_code, nobodys.json()["code"]) == (404, "run_not_found")


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_rows_behind_a_stop_are_retried_too(
    tenant: Tenant, resources: Resources, kind: str
) -> None:
    site = site_of(tenant, resources)
    emails = ["bad" if at == 2 else f"p{at}@example.com" for at in range(10)]
    content = as_csv(["email"], [[email] for email in emails])
    if kind == "ndjson":
        content = "".join(f'{{"email": "{email}"}}\n' for email in emails).encode()
    first = await take_in(site, content, on_error="stop_after:1", format=kind)

    child = await retried(site, first.run)

    assert first.counts == (10, 2, 1, 0, 7)
    # It stops for the same row again, which is now the first.
    assert child.counts == (8, 0, 1, 0, 7)
    assert child.run["error"]["code"] == "stopped_by_failures"
    left = await lines_of(site, child.upload, "unprocessed")
    assert [one["email"] for one in left] == emails[3:]
