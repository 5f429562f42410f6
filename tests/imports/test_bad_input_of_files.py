"""Files that make no sense as a whole: nothing of them is taken in, and the run says why."""

import gzip
import hashlib
from typing import Any

import pytest

from app.core.resources import Resources
from tests.conftest import Tenant
from tests.imports.imports_making import (
    Ended,
    Site,
    as_csv,
    listed,
    packed,
    site_of,
    take_in,
    take_in_upload,
    text_of,
)
from tests.responses.engine_making import a_campaign

GOOD = as_csv(["email", "title"], [["a@example.com", "Boss"], ["b@example.com", "Clerk"]])


async def is_refused(site: Site, done: Ended, code: str, *said: str) -> None:
    """The run failed for this reason, and nothing is there."""
    assert (done.run["state"], done.upload["state"]) == ("failed", "Failed")
    assert done.run["error"]["code"] == code, done.run["error"]
    assert done.upload["error"] == done.run["error"]
    for words in said:
        assert words in done.run["error"]["detail"]
    assert done.run["total"] is None
    assert done.upload["counts"] is None
    for what in ("people", "responses"):
        assert await listed(site, what) == []
    for which in ("successful", "failed", "unprocessed"):
        assert len((await text_of(site, done.upload, which)).splitlines()) <= 1


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", "empty_file", ()),
        (b"\n\n", "empty_file", ()),
        (b"\xef\xbb\xbf", "empty_file", ()),
        (b"email,shoe,title,hat\na@example.com,44,Boss,7\n", "unknown_column", ("2", "4")),
        (b"title,score\nBoss,4\n", "missing_column", ("email",)),
        (b"email,title,email\na@example.com,Boss,b\n", "duplicate_column", ("3", "1")),
        (b"email,person-score,score,Score\na@example.com,1,2,3\n", "unknown_column", ("2",)),
        (b"email,score,Score\na@example.com,2,3\n", "ambiguous_column", ("2", "3")),
        (b"email,,title\na@example.com,x,Boss\n", "unnamed_column", ("2",)),
        (b'email,"title\na@example.com,Boss\n', "bad_header", ("1",)),
        (b"em\xffail,title\na@example.com,Boss\n", "bad_header", ("1", "UTF-8")),
        (b"em\x00ail,title\na@example.com,Boss\n", "bad_header", ("1", "NUL")),
        (",".join(f"c{n}" for n in range(1_001)).encode(), "too_many_columns", ("1000",)),
    ],
)
async def test_a_header_that_makes_no_sense(
    tenant: Tenant, resources: Resources, content: bytes, code: str, said: tuple[str, ...]
) -> None:
    site = site_of(tenant, resources)

    await is_refused(site, await take_in(site, content), code, *said)


@pytest.mark.parametrize(
    ("wanted", "code", "said"),
    [
        ({"expected_rows": 3}, "rows_differ", ("2", "3")),
        ({"expected_rows": 1}, "rows_differ", ("2", "1")),
        ({"sha256": "ab" * 32}, "content_differs", ("SHA-256",)),
        ({"compression": "gzip"}, "not_gzip", ("gzip",)),
        ({"encoding": "utf-16"}, "not_in_encoding", ("UTF-16",)),
    ],
)
async def test_a_file_that_is_not_what_was_announced(
    tenant: Tenant,
    resources: Resources,
    wanted: dict[str, Any],
    code: str,
    said: tuple[str, ...],
) -> None:
    site = site_of(tenant, resources)

    done = await take_in(site, GOOD, **wanted)

    await is_refused(site, done, code, *said)


async def test_a_file_that_is_what_was_announced(tenant: Tenant, resources: Resources) -> None:
    digest = hashlib.sha256(GOOD).hexdigest()

    done = await take_in(site_of(tenant, resources), GOOD, expected_rows=2, sha256=digest)

    assert done.counts == (2, 2, 0, 0, 0)


async def test_a_mapping_of_a_column_that_is_not_there(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    mapping = {"E-Mail": "email", "Notes": None}

    done = await take_in_upload(site, GOOD, object="people", mapping=mapping)

    await is_refused(site, done, "unknown_mapping", "Entry 1", "Entry 2")


async def test_responses_need_a_campaign(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)

    done = await take_in(site, GOOD, object="responses")

    await is_refused(site, done, "missing_column", "campaign")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (packed(GOOD)[:-9], "truncated_gzip"),
        (packed(GOOD)[:5], "truncated_gzip"),
        (packed(GOOD)[:-8] + bytes(8), "corrupt_gzip"),
        (packed(GOOD * 4_000)[:-200], "truncated_gzip"),
        (packed(GOOD) + b"and more", "corrupt_gzip"),
    ],
)
async def test_a_packed_file_that_is_damaged(
    tenant: Tenant, resources: Resources, content: bytes, code: str
) -> None:
    site = site_of(tenant, resources)

    await is_refused(site, await take_in(site, content), code)


async def test_a_bomb_is_not_unpacked_to_its_end(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)
    # 150 MB of one long row after the other, in 150 kB; made of the same piece again and again.
    piece = gzip.compress(b"a@example.com," + b"x" * 999_985 + b"\n", 9)
    bomb = gzip.compress(b"email,title\n", 9) + piece * 150

    done = await take_in(site, bomb)

    assert len(bomb) < 500_000
    await is_refused(site, done, "unpacks_too_far", "200")


@pytest.mark.parametrize("content", [b"email,title", b"email,title\r\n", packed(b"email,title\n")])
async def test_a_header_alone_is_a_file_of_no_rows(
    tenant: Tenant, resources: Resources, content: bytes
) -> None:
    site = site_of(tenant, resources)

    done = await take_in(site, content, expected_rows=0)

    assert (done.run["state"], done.upload["state"]) == ("succeeded", "JobComplete")
    assert done.counts == (0, 0, 0, 0, 0)
    assert done.upload["columns"] == ["email", "title"]
    assert await text_of(site, done.upload, "unprocessed") == "email,title\r\n"


async def test_a_refused_file_leaves_its_account_as_it_was(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)
    campaign = await a_campaign(tenant.http)
    await take_in(site, GOOD, expected_rows=3)

    done = await take_in(site, GOOD, object="responses", campaign=campaign["code"])
    again = await tenant.http.post(f"/v1/runs/{done.run['id']}/retry-failed")

    assert done.counts == (2, 2, 0, 0, 0)
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_retry")
