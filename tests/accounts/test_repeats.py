"""`Idempotency-Key`: a POST repeated under the same key has its effect once."""

import asyncio
from typing import Any

import httpx
import pytest

from app.accounts import idempotency
from app.core.ids import uuid7
from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import plan, published

PATH = "/v1/opportunities"


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid7().hex}


async def count(http: httpx.AsyncClient) -> int:
    return len((await http.get(PATH, params={"limit": 1000})).json()["items"])


async def test_the_same_key_and_body_give_the_same_answer_once(http: httpx.AsyncClient) -> None:
    headers, order = a_key(), {"name": "Deal"}

    made = await http.post(PATH, json=order, headers=headers)
    again = await http.post(PATH, json=order, headers=headers)

    assert (made.status_code, again.status_code) == (201, 201)
    assert again.content == made.content
    assert again.headers["Location"] == made.headers["Location"]
    assert again.headers["Content-Type"] == made.headers["Content-Type"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in made.headers
    assert await count(http) == 1


async def test_a_repeat_says_when_to_come_again_and_which_version_it_is(
    http: httpx.AsyncClient,
) -> None:
    job = await published(http)
    campaign = ("/v1/campaigns", {"code": "spring", "name": "Spring"})
    told = []
    for path, order in (campaign, (f"/v1/jobs/{job['id']}/runs", {})):
        headers = a_key()
        told += [await http.post(path, json=order, headers=headers) for _ in range(2)]

    made, made_again, begun, begun_again = told
    assert [one.status_code for one in told] == [201, 201, 202, 202]
    assert made_again.headers["ETag"] == made.headers["ETag"]
    for name in ("Location", "Retry-After"):
        assert begun_again.headers[name] == begun.headers[name]
    for again in (made_again, begun_again):
        assert again.headers["Idempotency-Replayed"] == "true"


async def test_whoever_was_told_to_come_again_may_do_so_with_the_same_key(
    http: httpx.AsyncClient, make_tenant: MakeTenant, tenant: Tenant
) -> None:
    job = await published(http)
    await plan(make_tenant, tenant, invocations_per_job=0)
    runs, headers = f"/v1/jobs/{job['id']}/runs", a_key()
    refused = [await http.post(runs, json={}, headers=headers) for _ in range(2)]
    await plan(make_tenant, tenant, invocations_per_job=1)

    begun = await http.post(runs, json={}, headers=headers)
    again = await http.post(runs, json={}, headers=headers)

    assert [one.status_code for one in (*refused, begun, again)] == [429, 429, 202, 202]
    assert again.headers["Location"] == begun.headers["Location"]
    replayed = ["Idempotency-Replayed" in one.headers for one in (*refused, begun, again)]
    assert replayed == [False, False, False, True]


async def test_a_post_without_a_key_has_its_effect_each_time(http: httpx.AsyncClient) -> None:
    for _ in range(2):
        await http.post(PATH, json={"name": "Deal"})

    assert await count(http) == 2


@pytest.mark.parametrize("path", [PATH, f"{PATH}?again=1"])
async def test_the_same_key_with_other_content_is_refused(
    http: httpx.AsyncClient, path: str
) -> None:
    headers = a_key()
    await http.post(PATH, json={"name": "Deal"}, headers=headers)

    order = {"name": "Other"} if path == PATH else {"name": "Deal"}
    answer = await http.post(path, json=order, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await count(http) == 1


async def test_concurrent_twins_have_one_effect(http: httpx.AsyncClient) -> None:
    headers, order = a_key(), {"name": "Deal"}

    answers = await asyncio.gather(
        *(http.post(PATH, json=order, headers=headers) for _ in range(8))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert await count(http) == 1


async def test_a_refusal_is_kept_even_when_its_cause_is_gone(http: httpx.AsyncClient) -> None:
    headers, order = a_key(), {"name": "Deal", "external_id": uuid7().hex}
    first = (await http.post(PATH, json=order)).json()

    refused = await http.post(PATH, json=order, headers=headers)
    await http.patch(f"{PATH}/{first['id']}", json={"external_id": None})
    again = await http.post(PATH, json=order, headers=headers)

    assert (refused.status_code, again.status_code) == (409, 409)
    assert again.content == refused.content
    assert again.headers["Content-Type"] == "application/problem+json"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await count(http) == 1


async def test_a_malformed_request_uses_up_no_key(http: httpx.AsyncClient) -> None:
    headers = a_key()

    malformed = await http.post(PATH, json={"name": 1}, headers=headers)
    answer = await http.post(PATH, json={"name": "Deal"}, headers=headers)

    assert (malformed.status_code, answer.status_code) == (422, 201)


async def test_a_key_belongs_to_its_account_and_path(make_tenant: MakeTenant) -> None:
    one, two = await make_tenant(), await make_tenant()
    headers = a_key()

    answers = [
        await one.http.post(PATH, json={"name": "Deal"}, headers=headers),
        await two.http.post(PATH, json={"name": "Deal"}, headers=headers),
        await one.http.post("/v1/people", json={"email": "a@example.com"}, headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_a_twin_at_work_for_long_is_answered_409_with_retry_after(
    tenant: Tenant, resources: Resources
) -> None:
    headers: dict[str, str] = a_key()
    order: dict[str, Any] = {"email": "slow@example.com"}
    async with resources.unit_of_work(tenant.account_id) as session:
        claim = idempotency.Claim(
            tenant.account_id, "POST", "/v1/people", headers["Idempotency-Key"]
        )
        await idempotency.claim(session, claim, request_digest="another")

        answer = await tenant.http.post("/v1/people", json=order, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("key", ["x" * 256])
async def test_a_key_that_is_too_long_is_refused(http: httpx.AsyncClient, key: str) -> None:
    answer = await http.post(PATH, json={"name": "Deal"}, headers={"Idempotency-Key": key})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "?Idempotency-Key"
    assert key not in answer.text


async def test_an_empty_key_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(PATH, json={"name": "Deal"}, headers={"Idempotency-Key": ""})

    assert (answer.status_code, await count(http)) == (422, 0)
    assert answer.json()["errors"][0]["pointer"] == "?Idempotency-Key"
