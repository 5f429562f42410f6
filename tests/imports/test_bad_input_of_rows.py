"""Rows that make no sense fail alone, with a reason that names line and column."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.core.resources import Resources
from tests.conftest import Tenant
from tests.imports.imports_making import (
    Site,
    as_csv,
    failures,
    line_in,
    lines_of,
    listed,
    site_of,
    take_in,
)
from tests.imports.uploads_making import Json
from tests.people.making import an_email
from tests.responses.engine_making import a_campaign, as_owner

HEAD = b"email,title,score\n"
FIRST, LAST = b"first@example.com,Boss,1\n", b"last@example.com,Clerk,2\n"
LARGE = 1_100_000


async def the_failures(site: Site, content: bytes, *, good: int = 2) -> list[tuple[int, str, str]]:
    """Line, code and column of the rows that failed; the good ones are all taken in."""
    done = await take_in(site, content)
    found = await failures(site, done.upload)
    assert (done.run["state"], done.upload["state"]) == ("succeeded_with_warnings", "JobComplete")
    assert done.counts == (good + len(found), good, len(found), 0, 0)
    assert len(await listed(site, "people")) == good
    return [(line_in(said), code, column) for code, column, said in found]


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        (b"a@example.com,Boss\n", "wrong_width", ""),
        (b"a@example.com,Boss,1,more\n", "wrong_width", ""),
        (b"alone\n", "wrong_width", ""),
        (b"nonsense,Boss,1\n", "bad_email", "email"),
        (b"a@example.com,Boss,many\n", "int_type", "score"),
        (b"a@example.com,Bo\x00ss,1\n", "nul_character", "title"),
        (b"a@example.com,Bo\xffss,1\n", "bad_encoding", "title"),
        (b"\xe4@example.com,Boss,1\n", "bad_encoding", "email"),
        (b'a@example.com,"Bo"ss,1\n', "bad_quotes", ""),
        (b",Boss,1\n", "person_without_identity", ""),
        (b"a@example.com,Boss,99999999999\n", "less_than_equal", "score"),
    ],
)
async def test_one_bad_row_between_two_good_ones(
    tenant: Tenant, resources: Resources, row: bytes, code: str, column: str
) -> None:
    site = site_of(tenant, resources)

    found = await the_failures(site, HEAD + FIRST + row + LAST)

    if code == "person_without_identity":
        # Any of three columns might have named somebody.
        column = found[0][2]
    assert found == [(3, code, column)]


async def test_a_field_of_ten_megabytes(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)
    quoted = b'a@example.com,"' + (b"x" * 999 + b"\n") * 10_000 + b'",1\n'
    plain = b"b@example.com," + b"y" * 10_000_000 + b",1\n"

    done = await take_in(site, HEAD + FIRST + plain + LAST)
    both = await take_in(site, HEAD + FIRST + quoted + LAST)

    ((code, _, said),) = await failures(site, done.upload)
    assert (code, line_in(said), done.counts) == ("record_too_large", 3, (3, 2, 1, 0, 0))
    # Where it would have ended nobody knows: its lines are rows of their own, and fail.
    found = await failures(site, both.upload)
    assert {one[0] for one in found} <= {"unterminated_quote", "wrong_width", "record_too_large"}
    assert line_in(found[0][2]) == 3
    assert (both.run["created"], both.counts[3]) == (0, 2)
    kept = await lines_of(site, done.upload, "failed")
    assert all(len(cell) <= 1_000 for cell in kept[0].values())


async def test_a_quote_that_nothing_closes_costs_its_line(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)

    at_the_end = await the_failures(site, HEAD + FIRST + LAST + b'a@example.com,"Boss,1')

    assert at_the_end == [(4, "unterminated_quote", "")]


async def test_behind_a_quote_that_nothing_closes_rows_go_on(
    tenant: Tenant, resources: Resources
) -> None:
    site = site_of(tenant, resources)

    found = await the_failures(site, HEAD + FIRST + b'a@example.com,"Boss,1\n' + LAST)

    assert found == [(3, "unterminated_quote", "")]


@pytest.mark.parametrize("rows", [20_001])
async def test_a_bad_byte_far_behind_in_a_file(
    tenant: Tenant, resources: Resources, rows: int
) -> None:
    site = site_of(tenant, resources)
    # So that most rows have nothing to do, few people come again and again.
    content = bytearray(b"email\n" + b"".join(b"p%03d@b.co\n" % (n % 500) for n in range(rows)))
    at = len(b"email\n") + (rows - 2) * len(b"p000@b.co\n")
    content[at] = 0xFF

    done = await take_in(site, bytes(content), hands=2)

    assert done.counts == (rows, 500, 1, rows - 501, 0)
    ((code, column, said),) = await failures(site, done.upload)
    assert (code, column, line_in(said)) == ("bad_encoding", "email", rows)
    assert "UTF-8" in said


@pytest.mark.parametrize(
    ("fields", "code", "column"),
    [
        ({"campaign": "winter"}, "campaign_not_found", "campaign"),
        ({"campaign": ""}, "missing", "campaign"),
        ({"campaign": "\x01"}, "campaign_not_found", "campaign"),
        ({"member_status": "Danced"}, "unknown_member_status", "member_status"),
        ({"responded_at": "tomorrow"}, "bad_time", "responded_at"),
        ({"responded_at": "2026-03-10T10:00:00"}, "timezone_aware", "responded_at"),
        ({"attributes.note": "x" * 16_001}, "too_large", "attributes.note"),
        ({"email": "a@b@c"}, "bad_email", "email"),
    ],
)
async def test_a_response_that_makes_no_sense(
    tenant: Tenant, resources: Resources, fields: dict[str, str], code: str, column: str
) -> None:
    site = site_of(tenant, resources)
    campaign = await a_campaign(tenant.http)
    columns = ["campaign", "email", "member_status", "responded_at", "attributes.note"]
    sound = dict.fromkeys(columns, "") | {"campaign": campaign["code"]}
    rows = [sound | {"email": an_email()}, sound | {"email": an_email()} | fields]
    rows.append(sound | {"email": an_email()})

    content = as_csv(columns, [[row[name] for name in columns] for row in rows])
    done = await take_in(site, content, object="responses")

    ((found, place, said),) = await failures(site, done.upload)
    assert (found, place, line_in(said)) == (code, column, 3)
    assert done.counts == (3, 2, 1, 0, 0)
    assert len(await listed(site, "responses")) == 2


async def test_all_that_is_wrong_with_a_row_is_said(tenant: Tenant, resources: Resources) -> None:
    site = site_of(tenant, resources)

    done = await take_in(site, HEAD + b"nonsense,Boss,many\n")

    ((code, column, said),) = await failures(site, done.upload)
    assert (code, column) == ("bad_email", "email")
    assert "email" in said
    assert "score" in said
    assert "nonsense" not in said


@asynccontextmanager
async def refusing(database_url: str, table: str, condition: str) -> AsyncIterator[None]:
    """Makes the database refuse some rows of a table."""
    name = f"refusing_{an_email().partition('@')[0]}"
    await as_owner(
        database_url,
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION 'the secret of ada@example.com'; END $$",
        f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW "
        f"WHEN ({condition}) EXECUTE FUNCTION {name}()",
    )
    try:
        yield
    finally:
        await as_owner(database_url, f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()")


@pytest.mark.parametrize("what", ["people", "responses"])
async def test_a_row_that_the_database_refuses_fails_alone(
    tenant: Tenant, resources: Resources, database_url: str, what: str
) -> None:
    site = site_of(tenant, resources)
    campaign = await a_campaign(tenant.http)
    emails = [an_email() for _ in range(300)]
    terms: Json = {"object": what}
    if what == "responses":
        terms["campaign"] = campaign["code"]

    refused = f"NEW.email IN ('{emails[77]}', '{emails[78]}', '{emails[299]}')"
    async with refusing(database_url, "people", refused):
        done = await take_in(site, as_csv(["email"], [[email] for email in emails]), **terms)

    assert done.counts == (300, 297, 3, 0, 0)
    found = await failures(site, done.upload)
    assert [(code, column, line_in(said)) for code, column, said in found] == [
        ("refused_by_database", "", 79),
        ("refused_by_database", "", 80),
        ("refused_by_database", "", 301),
    ]
    assert all("P0001" in said and "ada" not in said for _, _, said in found)
    assert {one["email"] for one in await listed(site, "people")} == {
        email for at, email in enumerate(emails) if at not in (77, 78, 299)
    }
