"""What a worker had when it died, what it says when it comes back, and who else has to wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from app.core import clock
from app.core.failpoints import Purpose
from app.core.settings import Settings
from app.notifications.deliveries import claiming, fanning
from app.notifications.deliveries.claiming import Letter
from app.notifications.deliveries.recording import Outcome, record
from app.notifications.outbox import EventType
from tests.conftest import Tenant
from tests.faults.processes import PATIENCE_SECONDS, until
from tests.notifications.office import Office, ids_of, office_of
from tests.notifications.receiving import never, receiving
from tests.outbound.servers import saying
from workers.deliveries import Postman

BROKEN = saying("500 Oops")
MINUTE = timedelta(minutes=1)


async def taken(office: Office) -> Letter:
    """What a worker has that takes the only delivery there is, and dies with it."""
    async with office.resources.look_everywhere() as connection:
        found = await claiming.due(connection, at_once=10, most=100)
    mine = [one for one in found if one.account_id == office.account_id]
    async with office.work.unit_of_work(
        office.account_id, purpose=Purpose.DELIVERY_CLAIM
    ) as session:
        (letter,) = await claiming.take(
            session,
            mine,
            secret_key=office.work.settings.secret_key.get_secret_value(),
            lease=timedelta(seconds=30),
            now=clock.business_now(session),
        )
    return letter


async def end_leases(office: Office) -> None:
    sql = "UPDATE pending_deliveries SET leased_until = '-infinity' WHERE account_id = $1"
    await office.execute(sql, office.account_id)


async def test_what_a_dead_worker_had_is_delivered_once_its_lease_is_over(office: Office) -> None:
    async with receiving() as receiver:
        endpoint = await office.endpoint(receiver)
        await office.happens()
        await fan_out(office)
        lost = await taken(office)
        async with office.resources.look_everywhere() as connection:
            while_leased = await claiming.due(connection, at_once=10, most=100)
        await end_leases(office)
        await office.deliver()

    assert office.account_id not in {one.account_id for one in while_leased}
    (got,) = receiver.got
    assert (got.headers["webhook-id"], got.body) == (lost.webhook_id, lost.body)
    (delivery,) = await office.deliveries(endpoint)
    assert (delivery["state"], delivery["attempts"]) == ("succeeded", 2)


async def test_who_comes_back_after_its_lease_changes_nothing(office: Office) -> None:
    async with receiving(BROKEN) as receiver:
        endpoint = await office.endpoint(receiver)
        await office.happens()
        await fan_out(office)
        stale = await taken(office)
        await end_leases(office)
        await office.deliver()
        before = await office.deliveries(endpoint)
        async with office.work.unit_of_work(
            office.account_id, purpose=Purpose.DELIVERY_RECORD
        ) as session:
            counted = await record(
                session, [Outcome(stale, timedelta(), status=204)], now=clock.business_now(session)
            )
        after = await office.deliveries(endpoint)

    assert counted.total() == 0
    assert after == before
    assert after[0]["state"] == "pending"
    assert (await office.read(endpoint))["failing_since"] is not None


async def fan_out(office: Office) -> None:
    """Events become deliveries; nothing is posted."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with office.work.unit_of_work(
                office.account_id, purpose=Purpose.FANNING_OUT
            ) as session:
                now = clock.business_now(session)
                if await fanning.fan_out(session, [office.account_id], now=now):
                    return


async def test_a_hanging_endpoint_holds_up_nobody_else(
    office: Office, another_office: Office
) -> None:
    """The healthy have everything while the hanging one has not yet been given up once."""
    async with receiving(never) as hangs, receiving() as healthy, receiving() as elsewhere:
        slow = await office.endpoint(hangs)
        await office.endpoint(healthy)
        await another_office.endpoint(elsewhere)
        told = await office.happens(*[EventType.RUN_FAILED] * 30)
        there = await another_office.happens(*[EventType.RUN_FAILED] * 30)
        postman = Postman(office.work)

        async def have_all() -> bool:
            await postman.round()
            return len(healthy.got) == len(told) and len(elsewhere.got) == len(there)

        await until(have_all)
        log = await office.deliveries(slow)
        asked = len(hangs.got)
    await postman.ended()

    assert sorted(ids_of(healthy)) == sorted(told)
    assert sorted(ids_of(elsewhere)) == sorted(there)
    assert [(one["state"], one["log"]) for one in log] == [("pending", [])] * 30
    assert 0 < asked < 30


async def test_who_does_not_answer_in_time_is_tried_again(
    settings: Settings, database_url: str, tenant: Tenant
) -> None:
    async with (
        receiving(never) as hangs,
        office_of(settings, database_url, tenant, timeout="PT0.3S") as office,
    ):
        slow = await office.endpoint(hangs)
        await office.happens()
        await office.deliver()
        (delivery,) = await office.deliveries(slow)

    assert (delivery["state"], delivery["next_attempt_at"] is None) == ("pending", False)
    assert [entry["error"] for entry in delivery["log"]] == ["too_slow"]


async def test_what_cannot_be_recorded_holds_up_no_other_and_waits_an_hour(office: Office) -> None:
    async with receiving() as receiver:
        endpoint = await office.endpoint(receiver)
        told = await office.happens(*[EventType.RUN_FAILED] * 5)
        async with poisoned(office, told[2]):
            await office.deliver()
            log = {one["event_id"]: one for one in await office.deliveries(endpoint)}

    assert sorted(ids_of(receiver)) == sorted(told)
    bad = log.pop(told[2])
    assert {one["state"] for one in log.values()} == {"succeeded"}
    assert bad["state"] == "pending"
    assert datetime.fromisoformat(bad["next_attempt_at"]) > await office.now() + 50 * MINUTE


async def test_an_account_whose_events_cannot_be_taken_holds_up_no_other(
    office: Office, another_office: Office
) -> None:
    async with receiving() as here, receiving() as there:
        await office.endpoint(here)
        await another_office.endpoint(there)
        (bad,), (good,) = await office.happens(), await another_office.happens()
        postman = Postman(another_office.work)
        async with poisoned(office, bad, on="INSERT"), asyncio.timeout(PATIENCE_SECONDS):
            while not there.got:
                await postman.round()
            await postman.ended()
        before = ids_of(here)
        await office.deliver()

    assert (ids_of(there), before) == ([good], [])
    assert ids_of(here) == [bad]


@asynccontextmanager
async def poisoned(office: Office, event_id: str, *, on: str = "UPDATE") -> AsyncIterator[None]:
    """While the block lasts, nothing about this event can be written down."""
    await office.execute(
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'cannot be written'; END $$"
    )
    await office.execute(
        f"CREATE TRIGGER poison BEFORE {on} ON deliveries FOR EACH ROW"
        f" WHEN (NEW.event_id = '{event_id}') EXECUTE FUNCTION poison()"
    )
    try:
        yield
    finally:
        await office.execute("DROP FUNCTION poison CASCADE")
