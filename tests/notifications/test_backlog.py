"""What an operator sees of deliveries and mails: what waits, since when, how attempts end."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from app.core.ids import uuid7
from app.notifications.mailing import Letter, post
from tests.notifications.office import Office
from tests.notifications.receiving import receiving
from tests.outbound.servers import saying
from workers import maintenance

_LONG_AGO = """
WITH deliveries AS (
    UPDATE pending_deliveries SET due_at = business_now() - interval '7 min' WHERE account_id = $1)
UPDATE pending_copies SET due_at = business_now() - interval '9 min' WHERE account_id = $1
"""


async def metrics(office: Office) -> dict[str, dict[str, float]]:
    """By family: label to value, whatever the worker."""
    page = (await office.http.get("/metrics")).text
    return {
        family.name: {
            "".join(value for name, value in one.labels.items() if name != "worker"): one.value
            for one in family.samples
        }
        for family in text_string_to_metric_families(page)
    }


async def checks(http: httpx.AsyncClient) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = (await http.get("/readyz")).json()["checks"]
    return found


async def test_what_waits_is_counted_and_its_age_shown(office: Office) -> None:
    before = await metrics(office)
    async with receiving(saying("500 Oops")) as receiver:
        await office.endpoint(receiver)
        await office.happens()
        await office.deliver()
        async with office.resources.unit_of_work(office.account_id) as session:
            letter = Letter(["ops@example.com"], "s", "t", cause="test", cause_id=uuid7())
            await post(session, office.account_id, [letter], at=await office.now())
        await office.execute(_LONG_AGO, office.account_id)
        await maintenance.beat(office.work)
        after, said = await metrics(office), await checks(office.http)
        await maintenance.leave(office.work)
        await office.execute("DELETE FROM pending_copies WHERE account_id = $1", office.account_id)

    for kind, minutes in (("delivery", 7), ("mail", 9)):
        pending = "penstock_pending"
        assert after[pending][kind] == before[pending][kind] + 1
        assert after["penstock_due_work_age_seconds"][kind] >= minutes * 60
    assert after["penstock_delivery_attempts"]["pending"] >= 1
    assert said["deliveries"]["state"] == said["mail"]["state"] == "late"
    assert said["deliveries"]["ready"] is True
