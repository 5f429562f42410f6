"""`POST /v1/people`: found or made, and merged."""

import httpx

from tests.people.making import an_email, an_external_id, pointers_of, read, upsert


async def test_a_new_person_is_a_lead(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/people", json={"email": f"  {an_email()} ", "score": 5})

    person = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/people/{person['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert (person["kind"], person["score"], person["warnings"]) == ("lead", 5, [])
    assert person["email"] == person["email"].strip()
    assert person["attributes"] == {}


async def test_a_known_person_is_merged_with_200(http: httpx.AsyncClient) -> None:
    email = an_email()
    made = await upsert(http, email=email, title="VP", attributes={"a": 1, "b": 1})

    answer = await http.post(
        "/v1/people", json={"email": email, "company": "Acme", "attributes": {"b": 2}}
    )

    merged = answer.json()
    assert (answer.status_code, merged["id"]) == (200, made["id"])
    assert (merged["title"], merged["company"]) == ("VP", "Acme")
    assert merged["attributes"] == {"a": 1, "b": 2}
    assert answer.headers["ETag"] == '"2"'


async def test_absent_and_null_fields_erase_nothing(http: httpx.AsyncClient) -> None:
    email = an_email()
    made = await upsert(
        http, email=email, external_id=an_external_id(), title="VP", score=7, opted_out=True,
        attributes={"a": 1},
    )  # fmt: skip

    await upsert(
        http, email=email, external_id=None, title=None, score=None, opted_out=None,
        attributes={"a": None},
    )  # fmt: skip

    assert await read(http, made) == {k: v for k, v in made.items() if k != "warnings"}


async def test_the_same_order_again_changes_nothing(http: httpx.AsyncClient) -> None:
    order = {"email": an_email(), "title": "VP", "attributes": {"a": [1]}}
    made = await upsert(http, **order)

    again = await http.post("/v1/people", json=order)

    assert (again.json(), again.headers["ETag"]) == (made, '"1"')


async def test_a_person_without_identity_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/people", json={"first_name": "Ann"})

    assert (answer.status_code, answer.json()["code"]) == (422, "person_without_identity")


async def test_attributes_may_not_outgrow_their_limit_together(http: httpx.AsyncClient) -> None:
    email = an_email()
    made = await upsert(http, email=email, attributes={"a": "x" * 10_000})

    merged = await http.post("/v1/people", json={"email": email, "attributes": {"b": "x" * 10_000}})
    patched = await http.patch(f"/v1/people/{made['id']}", json={"attributes": {"b": "x" * 10_000}})

    for answer in (merged, patched):
        assert (answer.status_code, answer.json()["code"]) == (422, "attributes_too_large")
        assert pointers_of(answer) == [("/attributes", "too_large")]
