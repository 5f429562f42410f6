"""What is written to the outbox is what the document says of it."""

from sqlmodel import select

from app.core.resources import Resources
from app.models import Event
from app.notifications.schemas import CampaignOutcome, Qualified, Resolved
from tests.conftest import Tenant


async def test_events_have_the_documented_shapes(tenant: Tenant, resources: Resources) -> None:
    await tenant.http.post("/v1/campaigns", json={"code": "c", "name": "c", "score": 100})
    await tenant.http.post(
        "/v1/responses", json={"campaign": "c", "person": {"email": "ada@example.com"}}
    )

    async with resources.unit_of_work(tenant.account_id) as session:
        events = (await session.exec(select(Event))).all()
    written = {event.type: event.data for event in events}

    assert set(written) == {"response.qualified", "responses.resolved"}
    assert set(written["response.qualified"]) == set(Qualified.model_fields)
    assert set(written["responses.resolved"]) == set(Resolved.model_fields)
    Qualified.model_validate(written["response.qualified"])
    outcome = Resolved.model_validate(written["responses.resolved"])
    assert outcome.campaigns == [
        CampaignOutcome(
            campaign_id=outcome.campaigns[0].campaign_id, by_status={"Open - Not Contacted": 1}
        )
    ]
