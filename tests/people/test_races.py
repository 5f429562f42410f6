"""Many writers of one person: all succeed, none sees a lock error."""

import asyncio
from functools import partial

import httpx
import pytest
from sqlalchemy import text

from app.core.ids import uuid7
from app.core.resources import Resources
from app.models import PendingScoring
from app.people import queries
from tests.conftest import Tenant
from tests.faults.processes import until
from tests.people.making import an_email, an_external_id, id_of, read, upsert


async def test_twenty_upserts_of_one_new_email_make_one_person(http: httpx.AsyncClient) -> None:
    email = an_email()

    answers = await asyncio.gather(
        *(
            http.post("/v1/people", json={"email": email, "attributes": {f"a{n}": n}})
            for n in range(20)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    person = await read(http, answers[0].json())
    assert person["attributes"] == {f"a{n}": n for n in range(20)}


async def test_upserts_that_meet_in_a_new_email_all_succeed(http: httpx.AsyncClient) -> None:
    email = an_email()
    known = [await upsert(http, external_id=an_external_id()) for _ in range(8)]

    answers = await asyncio.gather(
        *(
            http.post("/v1/people", json={"external_id": one["external_id"], "email": email})
            for one in known
        )
    )

    assert {answer.status_code for answer in answers} == {200}
    holders = [answer for answer in answers if answer.json()["email"] == email]
    assert len(holders) == 1
    warned = [a for a in answers if a.json()["warnings"] == ["identity_conflict"]]
    assert len(warned) == 7


async def test_new_people_that_share_only_an_email_become_one(http: httpx.AsyncClient) -> None:
    email = an_email()

    answers = await asyncio.gather(
        *(
            http.post("/v1/people", json={"external_id": an_external_id(), "email": email})
            for _ in range(8)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len({answer.json()["external_id"] for answer in answers}) == 1


@pytest.mark.parametrize("turn", range(3))
async def test_upserts_that_cross_two_people_all_succeed(
    http: httpx.AsyncClient, turn: int
) -> None:
    first = await upsert(http, external_id=an_external_id(), email=an_email())
    second = await upsert(http, external_id=an_external_id(), email=an_email())
    crossed = [(first, second), (second, first)] * 8

    answers = await asyncio.gather(
        *(
            http.post(
                "/v1/people",
                json={"external_id": a["external_id"], "email": b["email"], "score": n},
            )
            for n, (a, b) in enumerate(crossed)
        )
    )

    assert {answer.status_code for answer in answers} == {200}


async def test_patches_that_want_one_free_email_give_it_to_one(http: httpx.AsyncClient) -> None:
    email = an_email()
    people = [await upsert(http, external_id=an_external_id()) for _ in range(6)]

    answers = await asyncio.gather(
        *(http.patch(f"/v1/people/{one['id']}", json={"email": email}) for one in people)
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5


async def test_an_upsert_waits_for_whoever_holds_the_person(
    tenant: Tenant, resources: Resources
) -> None:
    person = await upsert(tenant.http, email=an_email())

    async with resources.unit_of_work(tenant.account_id) as session:
        await queries.get_person(session, tenant.account_id, id_of(person), lock=True)
        waiting = asyncio.create_task(upsert(tenant.http, email=person["email"], title="VP"))
        await until(partial(_somebody_waits, resources))
        assert not waiting.done()

    assert (await waiting)["title"] == "VP"


async def test_an_upsert_that_meets_a_deadlock_is_done_again(
    tenant: Tenant, resources: Resources
) -> None:
    person = await upsert(tenant.http, email=an_email())
    async with resources.unit_of_work(tenant.account_id) as session:
        session.add(
            PendingScoring(
                account_id=tenant.account_id,
                response_id=uuid7(),
                campaign_id=uuid7(),
                person_id=id_of(person),
            )
        )

    async with resources.unit_of_work(tenant.account_id) as session:
        connection = await session.connection()
        await connection.execute(text("SELECT FROM pending_scoring FOR UPDATE"))
        asking = asyncio.create_task(
            upsert(tenant.http, email=person["email"], score=3, do_pending_scoring=True)
        )
        await until(partial(_somebody_waits, resources))
        # The request began to wait first, so it is the one that PostgreSQL sends back.
        await queries.get_person(session, tenant.account_id, id_of(person), lock=True)

    assert (await asking)["score"] == 3
    async with resources.unit_of_work(tenant.account_id) as session:
        connection = await session.connection()
        due = await connection.scalar(text("SELECT count(due_at) FROM pending_scoring"))
    assert due == 1


async def _somebody_waits(resources: Resources) -> bool:
    """Whether a transaction of this database waits for another's lock."""
    async with resources.look() as connection:
        waiting = await connection.scalar(
            text("SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid IS NOT NULL")
        )
    return bool(waiting)
