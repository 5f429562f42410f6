"""E-mail on the sandbox clock: a server that is down for an hour, silence that is told, an end."""

from datetime import datetime

import pytest

from app.core.driver import driver_of
from app.core.resources import Resources
from tests.clock_keeper import keeping_the_clock
from tests.conftest import MakeTenant, Tenant
from tests.fires.making import DAY, HOUR, MINUTE, ROOMY, every, fires_of, scheduled, told
from tests.fires.test_clock import advance
from tests.jobs.making import Json, now_of, plan, read
from tests.mail.making import (
    a_letter,
    copies_of,
    mail_server,
    posted,
    waiting_of,
    worker_with,
)
from tests.mail.reading import mailbox_of
from tests.ports import free_port

OPS = {"emails": ["ops@example.com"]}


async def subjects_in(tenant: Tenant) -> list[str]:
    mails = await mailbox_of(tenant.http)
    return [mail["subject"].removeprefix("[Penstock] ") for mail in mails]


async def test_what_was_posted_while_the_server_was_down_arrives_afterwards_once(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    port = free_port()
    people = [f"p{number}@example.com" for number in range(5)]
    async with mail_server() as any_server:
        settings = any_server.settings(port=port)
    async with worker_with(resources, settings) as work, keeping_the_clock(work.resources):
        for person in people:
            await posted(resources, tenant, a_letter(person))
            await advance(make_tenant, "PT12M")
        down = await copies_of(resources, tenant)
        async with mail_server(port=port) as server:
            await advance(make_tenant, "PT1H")

    assert {state for state, _ in down.values()} == {"waiting"}
    assert all(error for _, error in down.values()), "why is there to be read"
    assert sorted(mail for mail in server.recipients if mail in people) == people
    assert set((await copies_of(resources, tenant)).values()) == {("sent", None)}
    assert await waiting_of(resources, tenant) == []


async def test_what_nobody_takes_for_days_is_given_up(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    async with mail_server() as any_server:
        settings = any_server.settings(port=free_port())
    await posted(resources, tenant, a_letter())
    async with worker_with(resources, settings) as work, keeping_the_clock(work.resources):
        await advance(make_tenant, "P2D")
        before = await copies_of(resources, tenant)
        await advance(make_tenant, "P1D")

    assert before["ops@example.com"][0] == "waiting"
    state, error = (await copies_of(resources, tenant))["ops@example.com"]
    assert state == "failed"
    assert error


async def test_silence_is_told_once_and_its_end_once(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    """The day's quota is used up after the first run, so that the next ones do not come."""
    await plan(make_tenant, tenant, **ROOMY | {"executions_per_day": 1})
    now = await now_of(resources, tenant)
    first = now.replace(hour=12, minute=0, second=0, microsecond=0) + DAY
    async with keeping_the_clock(resources):
        job = await scheduled(tenant.http, every("PT1H", first), alert=OPS)
        await advance(make_tenant, _until(now, first + MINUTE))
        ran = await read(tenant.http, job)
        success = datetime.fromisoformat(ran["last_success_at"])
        await advance(make_tenant, "PT1H2M")
        late = await read(tenant.http, job)
        await advance(make_tenant, "PT4H")
        down, silent = await read(tenant.http, job), await subjects_in(tenant)
        await plan(make_tenant, tenant, executions_per_day=100)
        await advance(make_tenant, "PT3H")
        up = await read(tenant.http, job)

    outcomes = [fire["reason"] or fire["outcome"] for fire in await fires_of(tenant.http, job)]
    assert outcomes == ["ran", *["quota_executions"] * 5, *["ran"] * 3]
    assert [one["standing"] for one in (ran, late, down, up)] == ["up", "late", "down", "up"]
    assert datetime.fromisoformat(ran["late_at"]) == success + HOUR
    assert datetime.fromisoformat(ran["down_at"]) == success + HOUR + 5 * MINUTE
    assert silent == ["nightly is overdue"]
    assert await subjects_in(tenant) == ["nightly is overdue", "nightly works again"]
    assert len(await told(resources, tenant, "job.overdue")) == 1
    (recovered,) = await told(resources, tenant, "job.recovered")
    assert recovered["recovered_from"] == "overdue"
    await _leave_nothing_due(resources, tenant)


async def test_an_end_is_warned_of_by_mail_a_week_and_a_day_before(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources
) -> None:
    """To whoever is told of anything, be it successes alone."""
    now = await now_of(resources, tenant)
    ends: Json = {"never_expires": False, "expires_at": (now + 9 * DAY).isoformat()}
    ends |= {"alert": OPS | {"on": ["success"]}}
    async with keeping_the_clock(resources):
        job = await scheduled(tenant.http, every("P30D", now + 20 * DAY), **ends)
        counts = []
        for by in ("P1D", "P2D", "P4D", "P1DT1H", "P1D"):
            await advance(make_tenant, by)
            counts.append(len(await mailbox_of(tenant.http)))

    assert counts == [0, 1, 1, 2, 3]
    mails = await mailbox_of(tenant.http)
    assert {(mail["cause"], mail["cause_id"]) for mail in mails} == {("job_expiry", job["id"])}
    assert await subjects_in(tenant) == [
        *["nightly expires soon"] * 2,
        "nightly has expired",
    ]


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_the_mailbox_is_read_page_by_page_newest_first(
    tenant: Tenant, make_tenant: MakeTenant, resources: Resources, limit: int
) -> None:
    stranger = await make_tenant()
    for number in range(3):
        await posted(resources, tenant, a_letter(subject=f"no. {number}"))
    async with keeping_the_clock(resources):
        await advance(make_tenant, "PT1S")

    seen: list[str] = []
    cursor = None
    while not seen or cursor:
        params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = (await tenant.http.get("/v1/mailbox", params=params)).json()
        seen += [mail["subject"] for mail in page["items"]]
        cursor = page["next_cursor"]

    assert seen == ["no. 2", "no. 1", "no. 0"]
    assert (await stranger.http.get("/v1/mailbox")).json()["items"] == []


def _until(now: datetime, moment: datetime) -> str:
    return f"PT{(moment - now).total_seconds():.0f}S"


async def _leave_nothing_due(resources: Resources, tenant: Tenant) -> None:
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        for table in ("timetables", "watches", "pending_copies"):
            await driver.execute(f"DELETE FROM {table} WHERE account_id = $1", tenant.account_id)
