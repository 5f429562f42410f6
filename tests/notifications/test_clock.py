"""The sandbox clock drives retries: an advance over 28 hours has made all eight attempts."""

from tests.clock_keeper import keeping_the_clock
from tests.conftest import MakeTenant
from tests.fires.test_clock import advance
from tests.notifications.office import Office, ids_of
from tests.notifications.receiving import receiving
from tests.outbound.servers import saying


async def test_an_advance_makes_every_attempt_in_its_time(
    office: Office, make_tenant: MakeTenant
) -> None:
    async with receiving(saying("503 Later")) as receiver, keeping_the_clock(office.resources):
        endpoint = await office.endpoint(receiver)
        (event_id,) = await office.happens()
        began = await office.now()
        await advance(make_tenant, "PT40H")

    assert ids_of(receiver) == [event_id] * 8
    (delivery,) = await office.deliveries(endpoint)
    assert (delivery["state"], delivery["attempts"]) == ("failed", 8)
    times = [office.hours_after(began, attempt["at"]) for attempt in delivery["log"]]
    planned = [0, 5 / 3600, 305 / 3600, 0.585, 2.585, 7.585, 17.585, 27.585]
    for found, wanted in zip(times, planned, strict=True):
        assert wanted * 0.79 - 0.01 <= found <= wanted * 1.21 + 0.01
