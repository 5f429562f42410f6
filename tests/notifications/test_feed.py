"""`GET /v1/events`: everything once, in an order in which nothing comes late."""

import asyncio
from typing import Any

from app.core import clock
from app.core.failpoints import Purpose
from app.notifications.deliveries import forgetting
from app.notifications.outbox import EventType, Happening, emit
from tests.conftest import MakeTenant, Tenant
from tests.faults.processes import PATIENCE_SECONDS
from tests.notifications.office import Office
from tests.notifications.receiving import receiving

FAILED, SUCCEEDED = EventType.RUN_FAILED, EventType.RUN_SUCCEEDED


async def page(office: Office, **asked: Any) -> dict[str, Any]:
    """What the feed shows, once nothing of other tests is at work below it."""
    answer = await office.http.get("/v1/events", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def until_seen(office: Office, *ids: str, **asked: Any) -> list[str]:
    """The ids of the feed, once these are in it: something else may still be below them."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            shown = [one["id"] for one in (await page(office, limit=1000, **asked))["items"]]
            if set(ids) <= set(shown):
                return shown
            await asyncio.sleep(0.01)


async def test_events_are_read_in_pages_and_then_followed(office: Office) -> None:
    empty = await page(office)
    first = await office.happens(FAILED, SUCCEEDED, FAILED)
    second = await office.happens(SUCCEEDED)
    shown = await until_seen(office, *first, *second)
    begin = await page(office, limit=3)
    rest = await page(office, limit=3, cursor=begin["next_cursor"])
    nothing = await page(office, limit=3, cursor=rest["latest_cursor"])
    third = await office.happens(FAILED)
    await until_seen(office, *third)
    new = await page(office, limit=3, cursor=nothing["latest_cursor"])

    assert empty == {"items": [], "next_cursor": None, "latest_cursor": None}
    assert shown == [*first, *second]
    assert [one["id"] for one in begin["items"]] == first
    assert [one["id"] for one in rest["items"]] == second
    assert rest["next_cursor"] is None
    assert nothing["items"] == []
    assert [one["id"] for one in new["items"]] == third
    assert begin["items"][0] == {
        "id": first[0],
        "type": "run.failed",
        "timestamp": begin["items"][0]["timestamp"],
        "data": {"n": 0},
    }


async def test_types_are_chosen(office: Office) -> None:
    failed, succeeded, expired = await office.happens(FAILED, SUCCEEDED, EventType.JOB_EXPIRED)
    await until_seen(office, failed, succeeded, expired)

    two = await page(office, type=["run.failed", "job.expired"], limit=1)
    assert [one["id"] for one in two["items"]] == [failed]
    other = await office.http.get(
        "/v1/events", params={"type": "run.failed", "cursor": two["next_cursor"]}
    )
    unknown = await office.http.get("/v1/events", params={"type": "run.fialed"})
    assert (other.status_code, other.json()["code"]) == (422, "bad_cursor")
    assert unknown.status_code == 422


async def test_an_event_above_the_horizon_waits_for_those_below(office: Office) -> None:
    begun, told = asyncio.Event(), asyncio.Event()
    late = Happening(office.account_id, FAILED, {})

    async def slow() -> None:
        async with office.resources.unit_of_work(office.account_id) as session:
            await emit(session, [late], at=clock.business_now(session))
            begun.set()
            await told.wait()

    async with asyncio.TaskGroup() as together:
        together.create_task(slow())
        await begun.wait()
        (early,) = await office.happens()
        before = await page(office)
        told.set()
    shown = await until_seen(office, early, str(late.id))

    assert before["items"] == []
    assert shown == [str(late.id), early]


async def test_garbage_is_no_cursor(tenant: Tenant, make_tenant: MakeTenant) -> None:
    for cursor in ("x", "AAAA", "WyJhIiwgMV0", "e30", "é"):
        answer = await tenant.http.get("/v1/events", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor"), cursor


async def test_nobody_reads_anothers(office: Office, another_office: Office) -> None:
    (mine,) = await office.happens()
    (theirs,) = await another_office.happens()

    assert await until_seen(office, mine) == [mine]
    assert await until_seen(another_office, theirs) == [theirs]


async def test_deliveries_are_kept_for_thirty_days(office: Office) -> None:
    async with receiving() as receiver:
        endpoint = await office.endpoint(receiver)
        await office.happens(FAILED, FAILED)
        await office.deliver()
        await office.happens(FAILED)
        await office.deliver()
        waiting = await office.endpoint("http://127.0.0.1:9/")
        await office.happens(FAILED)
        await office.deliver()
    aged = [one["id"] for one in (await office.deliveries(endpoint))[:2]]
    aged += [one["id"] for one in await office.deliveries(waiting)]
    await office.execute(
        "UPDATE deliveries SET created_at = created_at - interval '31 days'"
        " WHERE account_id = $1 AND id = ANY ($2)",
        office.account_id,
        aged,
    )

    async with office.work.unit_of_work(office.account_id, purpose=Purpose.FORGETTING) as session:
        now = clock.business_now(session)
        deleted = await forgetting.forget(session, office.account_id, now=now)
        pending = await (await session.connection()).exec_driver_sql(
            f"SELECT count(*) FROM pending_deliveries WHERE account_id = '{office.account_id}'"
        )
        left = pending.scalar_one()

    assert (deleted, left) == (3, 0)
    assert len(await office.deliveries(endpoint)) == 2
