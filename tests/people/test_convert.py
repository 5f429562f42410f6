"""A lead becomes a contact, once."""

import asyncio
from datetime import datetime

import httpx

from app.core import clock
from app.core.resources import Resources
from tests.conftest import Tenant
from tests.people.making import an_email, upsert


async def test_a_lead_becomes_a_contact_now(tenant: Tenant, resources: Resources) -> None:
    made = await upsert(tenant.http, email=an_email())

    answer = await tenant.http.post(f"/v1/people/{made['id']}/convert")

    async with resources.unit_of_work(tenant.account_id) as session:
        now = clock.business_now(session)
    assert (answer.status_code, answer.json()["kind"]) == (200, "contact")
    stamped = datetime.fromisoformat(answer.json()["converted_at"])
    assert abs((now - stamped).total_seconds()) < 60


async def test_a_contact_is_not_converted_again(http: httpx.AsyncClient) -> None:
    made = await upsert(http, email=an_email())

    answers = await asyncio.gather(
        *(http.post(f"/v1/people/{made['id']}/convert") for _ in range(3))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "already_converted"


async def test_a_contact_stays_one_when_it_is_merged(http: httpx.AsyncClient) -> None:
    made = await upsert(http, email=an_email())
    await http.post(f"/v1/people/{made['id']}/convert")

    merged = await upsert(http, email=made["email"], title="VP")

    assert merged["kind"] == "contact"
