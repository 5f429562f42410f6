"""What a file may do: only make, only change, or either."""

from typing import Any

import pytest

from app.core.resources import Resources
from tests.conftest import Tenant
from tests.imports.imports_making import (
    Site,
    as_csv,
    lines_of,
    listed,
    site_of,
    take_in,
)
from tests.people.making import upsert
from tests.responses.engine_making import a_campaign, post

OLD, NEW = "old@example.com", "new@example.com"


async def results(site: Site, content: bytes, **query: Any) -> dict[str, str]:
    """What became of each address: a word, or the code of its failure."""
    done = await take_in(site, content, **query)
    good = await lines_of(site, done.upload, "successful")
    bad = await lines_of(site, done.upload, "failed")
    assert done.counts[0] == len(good) + len(bad)
    return {
        **{one["email"]: " ".join([one["result"], one["reason"]]).strip() for one in good},
        **{one["email"]: one["error_code"] for one in bad},
    }


@pytest.mark.parametrize(
    ("operation", "old", "new"),
    [
        ("insert", "already_exists", "created"),
        ("update", "updated", "person_not_found"),
        ("upsert", "updated", "created"),
    ],
)
async def test_of_people(
    tenant: Tenant, resources: Resources, operation: str, old: str, new: str
) -> None:
    site = site_of(tenant, resources)
    await upsert(tenant.http, email=OLD, title="Clerk")
    content = as_csv(["email", "title"], [[OLD, "Boss"], [NEW, "Boss"]])

    found = await results(site, content, operation=operation)

    assert found == {OLD: old, NEW: new}
    titles = {one["email"]: one["title"] for one in await listed(site, "people")}
    assert titles[OLD] == ("Clerk" if operation == "insert" else "Boss")
    assert (NEW in titles) == (operation != "update")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (
            "insert",
            {
                "sent@example.com": "already_exists",
                "filled@example.com": "repeat",
                NEW: "created",
                "known@example.com": "created",
            },
        ),
        (
            "update",
            {
                "sent@example.com": "updated",
                "filled@example.com": "nothing_to_update",
                NEW: "nothing_to_update",
                "known@example.com": "nothing_to_update",
            },
        ),
        (
            "upsert",
            {
                "sent@example.com": "updated",
                "filled@example.com": "repeat",
                NEW: "created",
                "known@example.com": "created",
            },
        ),
    ],
)
async def test_of_responses(
    tenant: Tenant, resources: Resources, operation: str, expected: dict[str, str]
) -> None:
    site = site_of(tenant, resources)
    campaign = await a_campaign(tenant.http)
    await upsert(tenant.http, email="known@example.com")
    await post(tenant.http, campaign, person={"email": "sent@example.com"}, member_status="Sent")
    await post(tenant.http, campaign, person={"email": "filled@example.com"})
    before = len(await listed(site, "people"))

    terms = {"object": "responses", "campaign": campaign["code"], "operation": operation}
    content = as_csv(["email", "member_status"], [[email, "Responded"] for email in expected])
    found = await results(site, content, **terms)

    assert found == expected
    made = [word for word in expected.values() if word in ("created", "repeat")]
    assert len(await listed(site, "responses")) == 2 + len(made)
    # A row that fails leaves nothing, nobody new either.
    assert len(await listed(site, "people")) == before + (expected[NEW] == "created")


async def test_rows_of_the_same_file_are_there_for_those_behind_them(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    content = as_csv(["email", "title"], [[NEW, "Clerk"], [NEW, "Boss"]])

    inserted = await take_in(site, content, operation="insert")
    updated = await take_in(site, content, operation="update")

    assert inserted.counts == (2, 1, 1, 0, 0)
    assert (inserted.run["created"], inserted.run["updated"]) == (1, 0)
    assert updated.counts == (2, 1, 0, 1, 0)
    (person,) = await listed(site, "people")
    assert person["title"] == "Boss"


async def test_what_failed_is_named_by_line_and_sentence(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    await upsert(tenant.http, email=OLD)

    done = await take_in(site, as_csv(["email"], [[OLD]]), operation="insert")

    (failed,) = await lines_of(site, done.upload, "failed")
    assert failed["error"] == "line 2: This person is there already."


@pytest.mark.parametrize("after", [1, 3, 10])
async def test_a_file_is_stopped_after_so_many_failures(
    tenant: Tenant, resources: Resources, after: int
) -> None:
    site = site_of(tenant, resources)
    campaign = await a_campaign(tenant.http)
    rows = [["nonsense" if number % 3 == 1 else f"p{number}@example.com"] for number in range(50)]
    terms = {"object": "responses", "campaign": campaign["code"]}

    done = await take_in(site, as_csv(["email"], rows), on_error=f"stop_after:{after}", **terms)

    read = 3 * after - 1
    assert done.counts == (50, read - after, after, 0, 50 - read)
    assert (done.run["state"], done.upload["state"]) == ("failed", "Failed")
    assert done.run["error"]["code"] == done.upload["error"]["code"] == "stopped_by_failures"
    assert len(await lines_of(site, done.upload, "failed")) == after
    left = await lines_of(site, done.upload, "unprocessed")
    assert [one["email"] for one in left] == [row[0] for row in rows[read:]]
    assert len(await listed(site, "responses")) == read - after


async def test_one_failure_less_stops_nothing(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)
    content = as_csv(["email"], [["bad"], ["a@example.com"], ["worse"], ["b@example.com"]])

    done = await take_in(site, content, on_error="stop_after:3")

    assert done.counts == (4, 2, 2, 0, 0)
    assert done.run["state"] == "succeeded_with_warnings"


async def test_the_last_row_may_be_the_failure_to_stop_after(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)

    for _ in range(5):
        content = as_csv(["email"], [["a@example.com"], ["bad"]])
        done = await take_in(site, content, on_error="stop_after:1")

        assert done.counts[2:] == (1, done.counts[3], 0)
        assert (done.run["state"], done.run["error"]["code"]) == ("failed", "stopped_by_failures")
