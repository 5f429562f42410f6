"""What is not received is sent again, the same bytes under the same id, until it is enough."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.models.delivery_states import DisableReason
from app.notifications.deliveries.rules import (
    PAUSES,
    Candidate,
    Health,
    asked_pause,
    choose,
    pause_after,
)
from tests.notifications.office import Json, Office, ids_of
from tests.notifications.receiving import FINE, receiving
from tests.outbound.servers import saying

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BROKEN = saying("500 Oops", b"it \x00 broke \xff")


def test_attempts_have_the_planned_pauses_give_or_take_a_fifth() -> None:
    planned = [timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 36000)]
    for attempt, pause in enumerate(planned, start=1):
        assert pause_after(attempt, luck=0.5) == pause
        assert pause_after(attempt, luck=0) == pause * 0.8
        assert pause_after(attempt, luck=1) == pause * 1.2
    assert pause_after(len(PAUSES) + 1, luck=0.5) is None


@pytest.mark.parametrize(("asked", "waited"), [(0, 300), (400, 400), (600, 600), (86_400, 600)])
def test_a_wish_is_heard_up_to_twice_the_pause(asked: int, waited: int) -> None:
    pause = pause_after(2, luck=0.5, retry_after=timedelta(seconds=asked))

    assert pause == timedelta(seconds=waited)


def test_a_wish_is_seconds_or_a_date() -> None:
    assert asked_pause("120", now=NOW) == timedelta(minutes=2)
    assert asked_pause("Mon, 02 Mar 2026 12:01:00 GMT", now=NOW) == timedelta(minutes=1)
    assert asked_pause("Mon, 02 Mar 2026 11:00:00 GMT", now=NOW) == timedelta()
    for nonsense in (None, "", "soon", "-5", "1e9", "9" * 40, "Mon, 99 Mar 2026 12:01:00 GMT"):
        assert asked_pause(nonsense, now=NOW) is None


def test_an_endpoint_has_had_enough_after_five_days_of_nothing_but_failures() -> None:
    since = NOW - timedelta(days=5)

    assert Health(None).after([500], now=NOW) == Health(NOW)
    assert Health(since).after([None], now=NOW) == Health(since, DisableReason.FAILING)
    assert Health(since + timedelta(seconds=1)).after([500], now=NOW).disabled is None
    assert Health(since).after([500, 204], now=NOW) == Health(None)
    assert Health(None).after([204, 410], now=NOW).disabled is DisableReason.GONE


def test_whoever_hangs_leaves_places_to_others() -> None:
    flood, other, third = uuid4(), uuid4(), uuid4()
    many = [Candidate(flood, uuid4()) for _ in range(100)]

    def held(at_hand: Counter[object], *found: Candidate) -> Counter[object]:
        return Counter(one.account_id for one in choose(found, at_hand, places=40))  # type: ignore[arg-type]  # accounts

    assert held(Counter(), *many, Candidate(other, uuid4())) == {flood: 10, other: 1}
    assert held(Counter({flood: 10}), *many) == {}
    busy = Counter({uuid4(): 10 for _ in range(3)})
    few = [Candidate(third, uuid4()) for _ in range(3)]
    assert held(busy, *few, Candidate(other, uuid4())) == {third: 1, other: 1}  # type: ignore[arg-type]  # accounts


async def failed_once(office: Office, endpoint: Json) -> Json:
    (delivery,) = await office.deliveries(endpoint)
    assert delivery["state"] == "pending"
    return delivery


async def test_a_failure_is_tried_again_with_the_same_bytes(office: Office) -> None:
    async with receiving(BROKEN, FINE) as receiver:
        endpoint = await office.endpoint(receiver)
        await office.happens()
        began = await office.now()
        await office.deliver()
        before = await failed_once(office, endpoint)
        now = await office.now()
        failing = await office.read(endpoint)
        await office.make_due()
        await office.deliver()

    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    second.verified_by(endpoint["secret"])
    again = datetime.fromisoformat(before["next_attempt_at"])
    assert began + timedelta(seconds=4) <= again <= now + timedelta(seconds=6)
    assert before["log"][0]["answer"] == "it \ufffd broke \ufffd"
    assert failing["failing_since"] is not None
    (after,) = await office.deliveries(endpoint)
    assert (after["state"], after["attempts"]) == ("succeeded", 2)
    assert [attempt["status"] for attempt in after["log"]] == [500, 204]
    assert (await office.read(endpoint))["failing_since"] is None


@pytest.mark.parametrize(
    "status", ["301 Moved", "307 Temporary", "304 Same", "404 No", "503 Later"]
)
async def test_whatever_is_not_2xx_is_a_failure(office: Office, status: str) -> None:
    async with receiving() as inside:
        redirect = saying(status, b"", f"Location: {inside.url()}")
        async with receiving(redirect) as receiver:
            endpoint = await office.endpoint(receiver)
            await office.happens()
            await office.deliver()
            delivery = await failed_once(office, endpoint)

    assert delivery["log"][0]["status"] == int(status[:3])
    assert inside.got == []


async def test_nobody_there_is_a_failure(office: Office) -> None:
    async with receiving() as receiver:
        url = receiver.url()
    endpoint = await office.endpoint(url)
    await office.happens()
    await office.deliver()

    delivery = await failed_once(office, endpoint)
    assert (delivery["log"][0]["status"], delivery["log"][0]["error"]) == (None, "not_reached")


async def test_after_the_eighth_attempt_it_is_given_up_and_can_be_sent_again(
    office: Office,
) -> None:
    async with receiving(*[BROKEN] * 8, FINE) as receiver:
        endpoint = await office.endpoint(receiver)
        (event_id,) = await office.happens()
        for _ in range(8):
            await office.make_due()
            await office.deliver()
        (given_up,) = await office.deliveries(endpoint, state="failed")
        replayed = await office.http.post(f"/v1/deliveries/{given_up['id']}/replay")
        again = await office.http.post(f"/v1/deliveries/{given_up['id']}/replay")
        await office.deliver()

    assert (given_up["attempts"], given_up["next_attempt_at"]) == (8, None)
    assert replayed.status_code == 202
    assert replayed.json()["state"] == "pending"
    assert (again.status_code, again.json()["code"]) == (409, "delivery_pending")
    assert ids_of(receiver) == [event_id] * 9
    assert len({one.body for one in receiver.got}) == 1
    (done,) = await office.deliveries(endpoint)
    assert (done["state"], done["attempts"]) == ("succeeded", 9)
    assert [attempt["attempt"] for attempt in done["log"]] == list(range(1, 10))


async def test_who_is_gone_is_asked_no_more(office: Office) -> None:
    async with receiving(saying("410 Gone")) as receiver, receiving() as told:
        endpoint = await office.endpoint(receiver, events=["run.failed"])
        await office.endpoint(told, events=["webhook_endpoint.disabled"])
        await office.happens()
        await office.deliver()
        await office.deliver()
        await office.happens()
        await office.deliver()

    assert len(receiver.got) == 1
    found = await office.read(endpoint)
    assert (found["enabled"], found["disabled_reason"]) == (False, "gone")
    (news,) = told.got
    assert news.event["data"]["webhook_endpoint_id"] == endpoint["id"]
    assert news.event["data"]["reason"] == "gone"
    (cancelled,) = await office.deliveries(endpoint)
    assert cancelled["state"] == "cancelled"
    replayed = await office.http.post(f"/v1/deliveries/{cancelled['id']}/replay")
    assert (replayed.status_code, replayed.json()["code"]) == (409, "webhook_endpoint_disabled")


async def test_five_days_of_failures_disable_an_endpoint_and_what_waits_is_cancelled(
    office: Office,
) -> None:
    async with receiving(BROKEN) as receiver:
        endpoint = await office.endpoint(receiver)
        await office.happens()
        await office.deliver()
        await office.execute(
            "UPDATE webhook_endpoints SET failing_since = failing_since - interval '5 days'"
            " WHERE account_id = $1",
            office.account_id,
        )
        await office.make_due()
        await office.deliver()
        await office.deliver()

    found = await office.read(endpoint)
    assert (found["enabled"], found["disabled_reason"]) == (False, "failing")
    (delivery,) = await office.deliveries(endpoint)
    assert (delivery["state"], delivery["attempts"]) == ("cancelled", 2)
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    enabled = (await office.http.patch(path, json={"enabled": True})).json()
    assert (enabled["enabled"], enabled["disabled_reason"]) == (True, None)
    assert enabled["failing_since"] is None
