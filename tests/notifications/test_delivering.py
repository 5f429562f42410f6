"""Events reach endpoints: signed, once, those that are wanted, in whatever order they commit."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.core import clock
from app.notifications.deliveries.claiming import body_of
from app.notifications.outbox import EventType, Happening, emit
from tests.notifications.office import Office, ids_of
from tests.notifications.receiving import receiving
from workers.deliveries import Postman

FAILED, SUCCEEDED = EventType.RUN_FAILED, EventType.RUN_SUCCEEDED


async def test_an_event_is_posted_signed(office: Office) -> None:
    async with receiving() as receiver:
        endpoint = await office.endpoint(receiver)
        data = {"run_id": "r", "text": 'ä "quoted" \\ \u2028', "counts": None}
        (event_id,) = await office.happens(FAILED, data=data)
        await office.deliver()

    (got,) = receiver.got
    assert got.headers["webhook-id"] == event_id
    assert got.headers["content-type"] == "application/json"
    assert got.verified_by(endpoint["secret"]) == got.event
    assert got.event.keys() == {"id", "type", "timestamp", "data"}
    assert (got.event["id"], got.event["type"]) == (event_id, "run.failed")
    assert got.event["data"] == data
    assert datetime.fromisoformat(got.event["timestamp"]).tzinfo is not None
    (delivery,) = await office.deliveries(endpoint)
    assert (delivery["state"], delivery["attempts"]) == ("succeeded", 1)
    assert delivery["event_id"] == event_id
    assert delivery["next_attempt_at"] is None
    (attempt,) = delivery["log"]
    assert (attempt["status"], attempt["error"], attempt["answer"]) == (204, None, "")


async def test_another_secret_does_not_verify(office: Office) -> None:
    async with receiving() as receiver:
        await office.endpoint(receiver)
        other = await office.endpoint("http://127.0.0.1:9/", events=["job.expired"])
        await office.happens()
        await office.deliver()

    with pytest.raises(Exception, match="No matching signature"):
        receiver.got[0].verified_by(other["secret"])


def test_the_bytes_of_an_event_are_these() -> None:
    """Changed, an attempt after an upgrade would not be what its first one was."""
    at = datetime(2026, 3, 2, 2, 30, 0, 1200, UTC)
    body = body_of(UUID(int=7), "run.failed", at, '{"a": 1, "run_id": "ä"}')

    assert body.decode() == (
        '{"id": "00000000-0000-0000-0000-000000000007", "type": "run.failed",'
        ' "timestamp": "2026-03-02T02:30:00.001200Z", "data": {"a": 1, "run_id": "ä"}}'
    )


async def test_an_endpoint_gets_what_its_filter_takes(office: Office) -> None:
    async with receiving() as some, receiving() as every, receiving() as none:
        await office.endpoint(some, events=["run.failed", "job.expired"])
        await office.endpoint(every)
        await office.endpoint(none, enabled=False)
        failed, succeeded = await office.happens(FAILED, SUCCEEDED)
        await office.deliver()

    assert ids_of(some) == [failed]
    assert sorted(ids_of(every)) == sorted([failed, succeeded])
    assert none.got == []


async def test_what_happened_before_an_endpoint_was_there_is_not_for_it(office: Office) -> None:
    async with receiving() as first, receiving() as second:
        await office.endpoint(first)
        (before,) = await office.happens()
        endpoint = await office.endpoint(second)
        (after,) = await office.happens()
        await office.deliver()
        path = f"/v1/webhook-endpoints/{endpoint['id']}"
        await office.http.patch(path, json={"enabled": False})
        (meanwhile,) = await office.happens()
        await office.http.patch(path, json={"enabled": True})
        (again,) = await office.happens()
        await office.deliver()

    assert sorted(ids_of(first)) == sorted([before, after, meanwhile, again])
    assert ids_of(second) == [after, again]


async def test_an_event_that_commits_late_is_delivered_too(office: Office) -> None:
    """The one whose transaction began first commits last, after the other was to be delivered."""
    begun, told = asyncio.Event(), asyncio.Event()
    late = Happening(office.account_id, FAILED, {"n": "late"})

    async def slow() -> None:
        async with office.resources.unit_of_work(office.account_id) as session:
            await emit(session, [late], at=clock.business_now(session))
            begun.set()
            await told.wait()

    async with receiving() as receiver:
        await office.endpoint(receiver)
        async with asyncio.TaskGroup() as together:
            together.create_task(slow())
            await begun.wait()
            (early,) = await office.happens()
            await Postman(office.work).round()
            told.set()
        await office.deliver()

    assert sorted(ids_of(receiver)) == sorted([early, str(late.id)])


async def test_whoever_delivers_together_delivers_once(office: Office) -> None:
    async with receiving() as receiver, receiving() as another:
        await office.endpoint(receiver)
        await office.endpoint(another)
        told = await office.happens(*[FAILED] * 40)
        await asyncio.gather(*(office.deliver() for _ in range(4)))

    assert sorted(ids_of(receiver)) == sorted(told)
    assert sorted(ids_of(another)) == sorted(told)


async def test_more_events_than_a_portion_are_all_delivered(office: Office) -> None:
    async with receiving() as receiver:
        await office.endpoint(receiver)
        told = [*await office.happens(*[FAILED] * 700), *await office.happens(*[SUCCEEDED] * 20)]
        while len(receiver.got) < len(told):
            await office.deliver()

    assert sorted(ids_of(receiver)) == sorted(told)


async def test_a_test_goes_to_the_tested_endpoint_alone(office: Office) -> None:
    async with receiving() as tested, receiving() as other:
        endpoint = await office.endpoint(tested, events=["run.failed"])
        await office.endpoint(other)
        sent = await office.http.post(f"/v1/webhook-endpoints/{endpoint['id']}/test")
        await office.deliver()

    assert sent.status_code == 202
    (got,) = tested.got
    assert got.headers["webhook-id"] == sent.json()["event_id"]
    assert got.event["type"] == "webhook_endpoint.tested"
    assert got.event["data"] == {"webhook_endpoint_id": endpoint["id"], "requested_by": "marketo"}
    (delivery,) = await office.deliveries(endpoint)
    assert delivery["id"] == sent.json()["delivery_id"]
    assert other.got == []


async def test_a_test_and_a_replay_say_where_to_look(office: Office) -> None:
    async with receiving() as receiver:
        endpoint = await office.endpoint(receiver)
        sent = await office.http.post(f"/v1/webhook-endpoints/{endpoint['id']}/test")
        await office.deliver()
        place = f"/v1/deliveries/{sent.json()['delivery_id']}"
        replayed = await office.http.post(f"{place}/replay")

        for answer in (sent, replayed):
            assert (answer.status_code, answer.headers["Location"]) == (202, place), answer.text
            assert int(answer.headers["Retry-After"]) >= 1
        assert (await office.http.get(place)).json()["state"] == "pending"


async def test_no_account_gets_anothers_events(office: Office, another_office: Office) -> None:
    async with receiving() as mine, receiving() as theirs:
        await office.endpoint(mine)
        await another_office.endpoint(theirs)
        (here,) = await office.happens()
        (there,) = await another_office.happens()
        await office.deliver()

    assert ids_of(mine) == [here]
    assert ids_of(theirs) == [there]


async def test_no_transaction_is_open_while_a_receiver_thinks(office: Office) -> None:
    seen: list[int] = []

    async def deed(writer: asyncio.StreamWriter) -> None:
        async with office.resources.look() as connection:
            open_now = await connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
                " AND state LIKE 'idle in transaction%'"
            )
            seen.append(open_now.scalar_one())
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with receiving(deed) as receiver:
        await office.endpoint(receiver)
        await office.happens()
        await office.deliver()

    assert seen == [0]
