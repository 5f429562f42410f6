"""A file of 20,001 rows from its upload to its end, against the same rows in requests."""

from collections import Counter

from app.core.resources import Resources
from tests.conftest import MakeTenant
from tests.imports.imports_making import (
    Ended,
    Site,
    as_table,
    get,
    line_in,
    lines_of,
    listed,
    packed,
    site_of,
    take_in,
    take_in_upload,
)
from tests.imports.test_rows_as_over_http import as_item
from tests.imports.uploads_making import Json
from tests.responses.engine_making import configure
from workers.sweep import settle
from workers.work import Work

ROWS = 20_001
CAMPAIGNS = 7
PEOPLE = 9_000
BATCH = 10_000


def a_row(number: int) -> Json:
    """A person and its campaign belong together; every person always says the same of itself."""
    if number % 60 == 7:
        return a_row(number - 7)
    person = number * 7_919 % PEOPLE
    row: Json = {
        "campaign": f"c{person % CAMPAIGNS}",
        "email": f"p{person}@example.com",
        "title": "VP Sales" if person % 3 else "Clerk",
        "person.score": str(person % 50),
        "responded_at": f"2026-03-0{1 + number // 5_000}T{number // 600 % 24:02}:"
        f"{number // 10 % 60:02}:{number % 10:02}Z",
    }
    if number % 2:
        row["external_id"] = f"r{number}"
    if number % 9 == 0:
        row["member_status"] = "Sent"
    if number % 100 == 13:
        row["email"] = "nonsense"
    if number % 100 == 58:
        row["member_status"] = "Danced"
    if number % 1_000 == 500:
        row["campaign"] = "winter"
    return row


async def furnish(site: Site) -> None:
    await configure(site.http, threshold=70)
    for number in range(CAMPAIGNS):
        campaign = {"code": f"c{number}", "name": "C", "score": 30, "owners": ["alice", "bob"]}
        made = await site.http.post("/v1/campaigns", json=campaign)
        assert made.status_code == 201, made.text
    criteria = {"field": "person.title", "op": "starts_with", "value": "VP"}
    rules = [{"name": "decides", "points": 20, "criteria": criteria}]
    made = await site.http.post("/v1/scoring/rulesets", json={"name": "R", "rules": rules})
    await site.http.post(f"/v1/scoring/rulesets/{made.json()['id']}/activate")


async def by_requests(site: Site, rows: list[Json]) -> list[Json]:
    """The results of the same rows sent as batches, once all of them are resolved."""
    results: list[Json] = []
    for start in range(0, len(rows), BATCH):
        items = [as_item(row) for row in rows[start : start + BATCH]]
        answer = await site.http.post("/v1/responses/batch", json={"responses": items})
        assert answer.status_code in (200, 202), answer.text
        results += answer.json()["results"]
    await settle(Work(site.resources))
    return results


async def records_of(site: Site) -> dict[tuple[str, int], tuple[object, ...]]:
    """Every record by its person and repeat number: where it stands, and who has it."""
    people = {one["id"]: one for one in await listed(site, "people")}
    return {
        (whose["email"], one["repeat_number"]): (
            *(one["member_status"], one["status"], one["score_total"], one["external_id"]),
            *(whose["owner"], whose["active_response_id"] == one["id"]),
        )
        for one in await listed(site, "responses")
        for whose in [people[one["person_id"]]]
    }


async def test_20001_rows_end_as_the_same_rows_sent_in_requests(
    make_tenant: MakeTenant, resources: Resources
) -> None:
    requests, file = [site_of(await make_tenant(), resources) for _ in range(2)]
    for site in (requests, file):
        await furnish(site)
    rows = [a_row(number) for number in range(ROWS)]

    sent = await by_requests(requests, rows)
    done = await take_in(file, packed(as_table(rows)), object="responses", hands=2)

    words = Counter(one["result"] for one in sent)
    skipped = words["duplicate"] + words["skipped"]
    failed = words["rejected"]
    assert done.counts == (ROWS, ROWS - skipped - failed, failed, skipped, 0)
    assert done.run["processed"] == ROWS
    assert done.run["created"] == words["created"] + words["repeat"]
    assert done.run["updated"] == words["updated"]
    assert min(words.values()) > 20
    assert (done.run["state"], done.upload["state"]) == ("succeeded_with_warnings", "JobComplete")
    assert done.upload["counts"]["total"] == ROWS
    await _has_each_row_once(file, done, rows, sent)
    found, wanted = await records_of(file), await records_of(requests)
    assert found == wanted
    assert len({record[1] for record in found.values()}) == 4
    assert {one["mode"] for one in await listed(file, "responses")} == {"asynchronous"}
    for campaign in await listed(file, "campaigns"):
        counted = (await get(file, f"campaigns/{campaign['id']}/stats"))["statuses"]
        ids = campaign["code"].removeprefix("c")
        of_it = Counter(
            record[1]
            for (email, _), record in found.items()
            if str(int(email[1:].partition("@")[0]) % CAMPAIGNS) == ids
        )
        assert Counter(counted) == of_it


async def _has_each_row_once(site: Site, done: Ended, rows: list[Json], sent: list[Json]) -> None:
    """The files say of each row what the request said, in the order of the upload."""
    good = await lines_of(site, done.upload, "successful")
    bad = await lines_of(site, done.upload, "failed")
    rejected = [number for number, one in enumerate(sent) if one["result"] == "rejected"]
    taken = [number for number, one in enumerate(sent) if one["result"] != "rejected"]
    assert [int(one["row"]) - 1 for one in good] == taken
    assert [one["result"] for one in good] == [sent[number]["result"] for number in taken]
    assert [one["email"] for one in good] == [rows[number]["email"] for number in taken]
    assert all(one["result_id"] for one in good)
    assert [one["email"] for one in bad] == [rows[number]["email"] for number in rejected]
    codes = [(sent[n]["errors"] or [{"code": sent[n]["reason"]}])[0]["code"] for n in rejected]
    assert [one["error_code"] for one in bad] == codes
    # The header is line 1.
    assert [line_in(one["error"]) for one in bad] == [number + 2 for number in rejected]
    assert await lines_of(site, done.upload, "unprocessed") == []


async def test_an_upload_of_three_calls_ends_as_job_complete(
    make_tenant: MakeTenant, resources: Resources
) -> None:
    site = site_of(await make_tenant(), resources)
    content = as_table([{"email": f"p{number}@example.com"} for number in range(5)])

    done = await take_in_upload(site, content, object="people", expected_rows=5)

    assert done.upload["state"] == "JobComplete"
    assert done.upload["columns"] == ["email"]
    assert done.upload["error"] is None
    assert len(done.upload["sha256"]) == 64
    assert (done.run["state"], done.run["trigger"]) == ("succeeded", "api")
    assert done.run["started_at"] <= done.run["finished_at"]
    assert done.run["progress"] is None
    assert done.counts == (5, 5, 0, 0, 0)
    again = await site.http.patch(
        f"/v1/uploads/{done.upload['id']}", json={"state": "UploadComplete"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "wrong_upload_state")
