"""Many writers at once: nobody sees a lock error, and nothing is counted twice or left out."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from functools import partial

import httpx
import pytest
from sqlalchemy import text

from app.core.admission import Admission
from app.core.driver import Driver
from app.core.failpoints import Purpose
from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.settings import Settings
from app.responses.intake.desk import tried
from app.responses.intake.transaction import Redo
from tests.conftest import MakeTenant, Tenant
from tests.faults.processes import until
from tests.people.making import upsert
from tests.responses.engine_making import somebody_waits
from tests.responses.intake_making import (
    ADA,
    ONE,
    Item,
    a_campaign,
    another_process,
    item,
    listed,
    people,
    post,
    post_all,
    score_later,
    take,
)

WRITERS = 64


def results(answers: Sequence[httpx.Response]) -> Counter[str]:
    assert {answer.status_code for answer in answers} <= {200, 201, 202}
    shown: list[Item] = []
    for answer in answers:
        body = answer.json()
        shown += body.get("results", [body])
    return Counter(one["result"] for one in shown)


async def numbers(http: httpx.AsyncClient, **params: str) -> list[int]:
    return sorted(one["repeat_number"] for one in await listed(http, **params))


@pytest.mark.parametrize("has_keys", [False, True])
@pytest.mark.parametrize("is_later", [False, True])
async def test_64_posts_of_one_new_person_make_one_person_and_number_repeats_without_a_gap(
    http: httpx.AsyncClient, is_later: bool, has_keys: bool
) -> None:
    if is_later:
        await score_later(http)
    campaign = await a_campaign(http, repeat_limit=WRITERS, score=100)
    headers = [{"Idempotency-Key": uuid7().hex} if has_keys else {} for _ in range(WRITERS)]

    answers = await asyncio.gather(*(post(http, item(campaign), **each) for each in headers))

    assert results(answers) == {"created": 1, "repeat": WRITERS - 1}
    assert len(await people(http)) == 1
    assert await numbers(http) == list(range(1, WRITERS + 1))


async def test_two_processes_agree_on_one_new_person(settings: Settings, tenant: Tenant) -> None:
    campaign = await a_campaign(tenant.http, repeat_limit=WRITERS)

    async with another_process(settings, tenant) as other:
        answers = await asyncio.gather(
            *(post((tenant.http, other)[n % 2], item(campaign)) for n in range(WRITERS))
        )

    assert results(answers) == {"created": 1, "repeat": WRITERS - 1}
    assert len(await people(tenant.http)) == 1
    assert await numbers(tenant.http) == list(range(1, WRITERS + 1))


async def test_batches_with_the_same_new_people_in_any_order_make_each_once(
    http: httpx.AsyncClient,
) -> None:
    campaign = await a_campaign(http)
    crowd = [f"p{n}@example.com" for n in range(40)]
    batches = [
        [item(campaign, email) for email in random.sample(crowd, len(crowd))] for _ in range(12)
    ]

    answers = await asyncio.gather(*(post_all(http, batch) for batch in batches))

    assert results(answers) == {"created": 40, "repeat": 40 * 11}
    assert len(await people(http)) == 40
    assert Counter(await numbers(http)) == dict.fromkeys(range(1, 13), 40)


async def test_writers_who_know_the_same_people_by_different_names_all_succeed(
    http: httpx.AsyncClient,
) -> None:
    campaign = await a_campaign(http, repeat_limit=1_000)
    names = [{"email": f"p{n}@example.com", "external_id": f"crm-{n}"} for n in range(25)]

    def batch(seed: int) -> list[Item]:
        some = random.Random(seed)
        shown = [dict(some.sample(sorted(one.items()), some.choice((1, 2)))) for one in names]
        return [item(campaign, one) for one in some.sample(shown, len(shown))]

    answers = await asyncio.gather(*(post_all(http, batch(seed)) for seed in range(6)))

    assert sum(results(answers).values()) == 6 * 25
    known = await people(http)
    for name in ("email", "external_id"):
        held = [one[name] for one in known if one[name] is not None]
        assert sorted(held) == sorted(one[name] for one in names)


async def test_64_writers_on_one_campaign_meet_no_lock(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http, score=100)

    answers = await asyncio.gather(
        *(post(http, item(campaign, f"p{n}@example.com")) for n in range(WRITERS)),
        *(
            post_all(http, [item(campaign, f"p{n}-{m}@example.com") for m in range(25)])
            for n in range(8)
        ),
    )

    assert results(answers) == {"created": WRITERS + 200}
    assert len(await listed(http)) == WRITERS + 200


async def test_a_campaign_that_somebody_holds_does_not_stop_intake(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http, score=100)

    async with resources.unit_of_work(tenant.account_id) as session:
        connection = await session.connection()
        await connection.execute(
            text("SELECT FROM campaigns WHERE account_id = :id FOR UPDATE"),
            {"id": tenant.account_id},
        )
        await connection.execute(
            text("SELECT FROM lanes WHERE account_id = :id FOR UPDATE"), {"id": tenant.account_id}
        )
        # Who waited for a lock would wait for ever.
        answer = await post(tenant.http, item(campaign))

    assert answer.status_code == 201


async def test_of_two_equal_external_ids_at_once_exactly_one_is_new(
    settings: Settings, tenant: Tenant
) -> None:
    campaign = await a_campaign(tenant.http)
    async with another_process(settings, tenant) as other:
        for turn in range(8):
            sent = [item(campaign, f"p{n}-{turn}@example.com", external_id=f"m-{turn}")
                    for n in range(2)]  # fmt: skip

            answers = await asyncio.gather(post(tenant.http, sent[0]), post(other, sent[1]))

            assert results(answers) == {"created": 1, "duplicate": 1}
            assert len({answer.json()["id"] for answer in answers}) == 1

    assert len(await listed(tenant.http)) == 8
    assert len(await people(tenant.http)) == 8


async def test_a_batch_sent_twice_at_once_is_taken_once(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    items = [item(campaign, f"p{n}@example.com", external_id=f"m-{n}") for n in range(50)]

    answers = await asyncio.gather(*(post_all(http, items) for _ in range(4)))

    assert results(answers) == {"created": 50, "duplicate": 150}
    assert len(await listed(http)) == len(await people(http)) == 50


async def test_changed_addresses_that_cross_all_succeed(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http, repeat_limit=100)
    known = [
        await upsert(http, external_id=f"crm-{n}", email=f"p{n}@example.com") for n in range(4)
    ]

    answers = await asyncio.gather(
        *(
            post_all(
                http,
                [
                    item(
                        campaign,
                        {"external_id": f"crm-{m}", "email": f"p{(m + n) % 8}@example.com"},
                    )
                    for m in random.sample(range(4), 4)
                    for _ in range(6)
                ],
            )
            for n in range(8)
        )
    )

    assert sum(results(answers).values()) == 8 * 24
    assert len(await people(http)) == len(known)


async def test_accounts_that_write_at_once_never_mix(make_tenant: MakeTenant) -> None:
    tenants = [await make_tenant() for _ in range(6)]
    for tenant in tenants:
        await a_campaign(tenant.http, code="spring", repeat_limit=100)

    await asyncio.gather(
        *(post(t.http, item("spring", external_id=f"m-{n}")) for n in range(20) for t in tenants)
    )

    for tenant in tenants:
        assert await numbers(tenant.http) == list(range(1, 21))
        (person,) = await people(tenant.http)
        assert person["email"] == ADA


async def test_a_person_held_for_a_moment_is_waited_for(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http)
    await take(tenant.http, item(campaign))

    async with resources.unit_of_work(tenant.account_id) as session:
        await (await session.connection()).execute(
            text("SELECT FROM people WHERE account_id = :id FOR UPDATE"), {"id": tenant.account_id}
        )
        waiting = asyncio.create_task(post(tenant.http, item(campaign)))
        await until(partial(somebody_waits, resources))
        assert not waiting.done()

    assert (await waiting).json()["result"] == "repeat"


async def test_a_request_that_lost_goes_alone_and_loses_to_nobody(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http)
    order = []

    async def small() -> None:
        await take(tenant.http, item(campaign))
        order.append("small")

    async def large(admission: Admission) -> asyncio.Task[None]:
        async with resources.line() as line:
            account = tenant.account_id
            async with line.unit_of_work(
                account, purpose=Purpose.INTAKE, admission=admission
            ) as tx:
                if admission is Admission.BESIDE:
                    await small()
                    raise Redo
                later = asyncio.create_task(small())
                await until(partial(wants_to_be_admitted, tx.driver))
                order.append("large")
        return later

    await (await tried(large, most=2))

    assert order == ["small", "large", "small"]


async def wants_to_be_admitted(driver: Driver) -> bool:
    """Whether a transaction of this database waits to be admitted."""
    sql = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    return bool(await driver.fetchval(sql))


async def test_who_gives_up_waiting_does_not_disturb_the_others(
    tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http)
    await take(tenant.http, item(campaign))

    async with resources.unit_of_work(tenant.account_id) as session:
        await (await session.connection()).execute(
            text("SELECT FROM people WHERE account_id = :id FOR UPDATE"), {"id": tenant.account_id}
        )
        waiting = [asyncio.create_task(post(tenant.http, item(campaign))) for _ in range(6)]
        await until(partial(somebody_waits, resources))
        for impatient in waiting[::2]:
            impatient.cancel()
        await asyncio.gather(*waiting[::2], return_exceptions=True)

    assert {(await patient).status_code for patient in waiting[1::2]} == {201}
    assert (await tenant.http.get(ONE)).status_code == 200
