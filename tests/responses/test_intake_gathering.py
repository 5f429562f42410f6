"""Concurrent requests share transactions; the line in front of them is bounded."""

import asyncio
import re
import time
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.accounts.ingest import FRESH_SECONDS
from app.core.errors import Unavailable
from app.core.ids import uuid7
from app.core.problems import as_app_error
from app.core.resources import Resources
from app.core.settings import Database, Intake, Limits, Settings
from app.responses.intake.desk import Desk
from app.responses.intake.items import Submission, parse_items
from tests.conftest import MakeTenant, Tenant
from tests.faults.processes import until
from tests.responses.engine_making import somebody_waits
from tests.responses.intake_making import (
    a_campaign,
    another_process,
    item,
    listed,
    post,
    post_all,
    score_later,
    take_all,
    transactions_of,
)


async def metric(http: httpx.AsyncClient, name: str) -> int:
    found = re.search(
        rf"^{re.escape(name)} (\S+)$", (await http.get("/metrics")).text, re.MULTILINE
    )
    return int(float(found[1])) if found else 0


async def test_many_concurrent_requests_need_few_commits(
    tenant: Tenant, resources: Resources
) -> None:
    await score_later(tenant.http)
    campaign = await a_campaign(tenant.http)
    before = await metric(tenant.http, "penstock_intake_commits_total")

    answers = await asyncio.gather(
        *(post(tenant.http, item(campaign, f"p{n}@example.com")) for n in range(200))
    )

    assert {answer.status_code for answer in answers} == {202}
    commits = await metric(tenant.http, "penstock_intake_commits_total") - before
    written = await transactions_of(resources, tenant)
    assert sum(written.values()) == 200
    assert len(written) == commits <= 50


async def test_one_request_is_one_commit_whatever_it_carries(http: httpx.AsyncClient) -> None:
    campaign = await a_campaign(http)
    before = await metric(http, "penstock_intake_commits_total")
    created = 'penstock_intake_items_total{result="created"}'
    items = await metric(http, created)

    await post(http, item(campaign, "a@example.com"))
    await post(http, item(campaign, "b@example.com"), **{"Idempotency-Key": uuid7().hex})
    await take_all(http, [item(campaign, f"p{n}@example.com") for n in range(30)])

    assert await metric(http, "penstock_intake_commits_total") - before == 3
    assert await metric(http, created) - items == 32


async def test_gathered_requests_of_many_accounts_each_get_their_own_answer(
    make_tenant: MakeTenant,
) -> None:
    tenants = [await make_tenant() for _ in range(4)]
    for tenant in tenants:
        await a_campaign(tenant.http, code="spring")

    sent = [(t, f"p{n}@example.com") for n in range(10) for t in tenants]
    answers = await asyncio.gather(
        *(post(t.http, item("spring", email, external_id=email)) for t, email in sent)
    )

    for (tenant, email), answer in zip(sent, answers, strict=True):
        assert (answer.status_code, answer.json()["external_id"]) == (201, email)
        assert (await tenant.http.get(answer.headers["Location"])).status_code == 200


async def test_nobody_is_forgotten_after_a_transaction_that_took_long(
    tenant: Tenant, resources: Resources
) -> None:
    """The next ones wait a moment for each other."""
    campaign = await a_campaign(tenant.http, repeat_limit=100)
    await take_all(tenant.http, [item(campaign)])

    async with resources.unit_of_work(tenant.account_id) as session:
        await (await session.connection()).execute(
            text("SELECT FROM people WHERE account_id = :id FOR UPDATE"), {"id": tenant.account_id}
        )
        held = asyncio.create_task(post(tenant.http, item(campaign)))
        await until(lambda: somebody_waits(resources))
    answers = [await held]
    answers += await asyncio.gather(
        *(post(tenant.http, item(campaign, f"p{n}@example.com")) for n in range(5))
    )
    answers.append(await post(tenant.http, item(campaign, "last@example.com")))

    assert [answer.status_code for answer in answers] == [201] * 7
    assert len(await listed(tenant.http)) == 8


async def test_a_full_line_is_503_with_retry_after_and_keeps_nothing(
    settings: Settings, tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http, repeat_limit=100)
    await take_all(tenant.http, [item(campaign)])
    narrow = Intake(queue=1, transactions=1)

    async with another_process(settings, tenant, intake=narrow) as http:
        async with resources.unit_of_work(tenant.account_id) as session:
            await (await session.connection()).execute(
                text("SELECT FROM people WHERE account_id = :id FOR UPDATE"),
                {"id": tenant.account_id},
            )
            waiting = [asyncio.create_task(post(http, item(campaign))) for _ in range(5)]

            async def are_refused() -> bool:
                return sum(task.done() for task in waiting) >= 3

            await until(are_refused)
        answers = await asyncio.gather(*waiting)

    refused = [answer for answer in answers if answer.status_code == 503]
    assert 3 <= len(refused) <= 4
    for answer in refused:
        assert answer.json()["code"] == "intake_full"
        assert answer.headers["Retry-After"] == "1"
    assert len(await listed(tenant.http)) == 1 + len(answers) - len(refused)


async def test_a_person_held_for_too_long_is_503_with_retry_after(
    settings: Settings, tenant: Tenant, resources: Resources
) -> None:
    campaign = await a_campaign(tenant.http)
    await take_all(tenant.http, [item(campaign)])
    hasty = Database(lock_timeout=timedelta(milliseconds=50))

    async with another_process(settings, tenant, database=hasty) as http:
        async with resources.unit_of_work(tenant.account_id) as session:
            await (await session.connection()).execute(
                text("SELECT FROM people WHERE account_id = :id FOR UPDATE"),
                {"id": tenant.account_id},
            )
            key = {"Idempotency-Key": uuid7().hex}
            refused = [await post(http, item(campaign)), await post(http, item(campaign), **key)]
        taken = await post(http, item(campaign), **key)

    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "intake_busy")
        assert answer.headers["Retry-After"] == "1"
    assert taken.status_code == 201
    assert len(await listed(tenant.http)) == 2


async def test_a_database_that_is_away_is_asked_once_for_all_who_wait(
    settings: Settings, tenant: Tenant
) -> None:
    calls = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    away = settings.model_copy(
        update={"database_url": SecretStr(f"postgresql://a:b@127.0.0.1:{port}/c")}
    )
    sent = Submission(tenant.account_id, uuid7(), "marketo", None, parse_items([{}]), size=1)
    async with server, Resources(away) as resources, Desk(resources) as desk:
        answers = await asyncio.gather(
            *(desk.submit(sent) for _ in range(50)), return_exceptions=True
        )

    assert all(
        isinstance(answer, Exception) and isinstance(as_app_error(answer), Unavailable)
        for answer in answers
    )
    assert calls <= 10


async def test_a_key_revoked_meanwhile_takes_nothing_in(make_tenant: MakeTenant) -> None:
    assert FRESH_SECONDS > 1
    tenant = await make_tenant()
    sender = await make_tenant(account=tenant.name, user="sender")
    campaign = await a_campaign(tenant.http)
    assert (await post(sender.http, item(campaign))).status_code == 201

    await tenant.http.delete(f"/v1/api-keys/{sender.caller.key_id}")
    refused = [
        await post(sender.http, item(campaign)),
        await post(sender.http, item(campaign), **{"Idempotency-Key": uuid7().hex}),
        await post_all(sender.http, [item(campaign)]),
        await post_all(sender.http, [item(campaign)] * 30),
    ]

    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid")
    assert len(await listed(tenant.http)) == 1


async def test_a_revoked_key_does_not_spoil_those_gathered_with_it(
    make_tenant: MakeTenant,
) -> None:
    tenant = await make_tenant()
    sender = await make_tenant(account=tenant.name, user="sender")
    campaign = await a_campaign(tenant.http)
    await post(sender.http, item(campaign, "first@example.com"))
    await tenant.http.delete(f"/v1/api-keys/{sender.caller.key_id}")

    answers = await asyncio.gather(
        *(
            post((tenant, sender)[n % 2].http, item(campaign, f"p{n}@example.com"))
            for n in range(20)
        )
    )

    assert [answer.status_code for answer in answers] == [201, 401] * 10


@pytest.mark.parametrize("is_batch", [False, True])
async def test_over_the_limit_is_429_with_retry_after(
    settings: Settings, tenant: Tenant, is_batch: bool
) -> None:
    campaign = await a_campaign(tenant.http, repeat_limit=100)
    sent = item(campaign)

    async with another_process(settings, tenant, limits=Limits(ingest=3)) as http:
        began = time.monotonic()
        answers = await asyncio.gather(
            *(post_all(http, [sent]) if is_batch else post(http, sent) for _ in range(60))
        )
        seconds = int(time.monotonic()) - int(began) + 1

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert len(answers) - len(refused) <= 3 * seconds
    for answer in refused:
        assert answer.json()["code"] == "too_many_requests"
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["RateLimit-Policy"] == '"second";q=3;w=1'
    assert len(await listed(tenant.http)) == len(answers) - len(refused)
