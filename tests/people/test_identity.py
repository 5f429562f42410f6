"""Id, else external id, else folded e-mail, else a new lead."""

import httpx

from app.core.ids import uuid7
from tests.people.making import an_email, an_external_id, read, upsert


async def test_an_id_wins_over_external_id_and_email(http: httpx.AsyncClient) -> None:
    meant = await upsert(http, email=an_email())
    other = await upsert(http, email=an_email(), external_id=an_external_id())

    merged = await upsert(
        http, id=meant["id"], external_id=other["external_id"], email=other["email"], title="VP"
    )

    assert (merged["id"], merged["title"]) == (meant["id"], "VP")
    assert (merged["external_id"], merged["email"]) == (None, meant["email"])
    assert merged["warnings"] == ["identity_conflict"]


async def test_an_id_may_bring_new_identities(http: httpx.AsyncClient) -> None:
    meant = await upsert(http, email=an_email(), external_id=an_external_id())
    email, external_id = an_email(), an_external_id()

    merged = await upsert(http, id=meant["id"], external_id=external_id, email=email)

    assert (merged["external_id"], merged["email"], merged["warnings"]) == (external_id, email, [])


async def test_an_id_that_nobody_has_is_not_found(http: httpx.AsyncClient) -> None:
    known = await upsert(http, email=an_email())

    answer = await http.post("/v1/people", json={"id": str(uuid7()), "email": known["email"]})

    assert (answer.status_code, answer.json()["code"]) == (404, "person_not_found")


async def test_an_email_finds_without_case_and_blanks(http: httpx.AsyncClient) -> None:
    made = await upsert(http, email=an_email())

    merged = await upsert(http, email=f" {made['email'].upper()}")

    assert merged["id"] == made["id"]
    assert merged["email"] == made["email"].upper()


async def test_an_external_id_wins_over_an_email_of_another(http: httpx.AsyncClient) -> None:
    meant = await upsert(http, external_id=an_external_id(), email=an_email())
    other = await upsert(http, email=an_email())

    merged = await upsert(http, external_id=meant["external_id"], email=other["email"], title="VP")

    assert merged["id"] == meant["id"]
    assert (merged["email"], merged["title"]) == (meant["email"], "VP")
    assert merged["warnings"] == ["identity_conflict"]
    assert (await read(http, other))["title"] is None


async def test_a_known_external_id_takes_a_free_email(http: httpx.AsyncClient) -> None:
    meant, email = await upsert(http, external_id=an_external_id(), email=an_email()), an_email()

    merged = await upsert(http, external_id=meant["external_id"], email=email)

    assert (merged["id"], merged["email"], merged["warnings"]) == (meant["id"], email, [])


async def test_a_person_found_by_email_takes_its_first_external_id(
    http: httpx.AsyncClient,
) -> None:
    made, external_id = await upsert(http, email=an_email()), an_external_id()

    merged = await upsert(http, email=made["email"], external_id=external_id)

    assert (merged["id"], merged["external_id"]) == (made["id"], external_id)
    assert merged["warnings"] == []


async def test_a_person_found_by_email_keeps_another_external_id(http: httpx.AsyncClient) -> None:
    made = await upsert(http, email=an_email(), external_id=an_external_id())

    merged = await upsert(http, email=made["email"], external_id=an_external_id(), title="VP")

    assert (merged["id"], merged["external_id"]) == (made["id"], made["external_id"])
    assert (merged["title"], merged["warnings"]) == ("VP", ["identity_conflict"])
