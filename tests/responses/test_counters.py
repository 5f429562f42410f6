"""The counts of a campaign equal its responses, whatever happened and however often folded."""

import asyncio

from app.core.resources import Resources
from app.models.states import ResponseStatus
from tests.conftest import Tenant
from tests.people.making import an_email
from tests.responses.conftest import Settle
from tests.responses.engine_making import (
    ASYNCHRONOUS,
    MANUAL,
    SYNCHRONOUS,
    Json,
    a_campaign,
    an_item,
    configure,
    get,
    listed,
    post,
    post_all,
    rows,
    windows_of,
)
from workers.maintenance import fold_counters
from workers.work import Work


async def assert_counts_equal_the_responses(
    tenant: Tenant, resources: Resources, campaign: Json
) -> None:
    found = await rows(
        resources,
        tenant,
        "SELECT status, count(*) AS n FROM responses WHERE campaign_id = :id GROUP BY status",
        id=campaign["id"],
    )
    stats = await get(tenant.http, f"campaigns/{campaign['id']}/stats")
    shown = {status: n for status, n in stats["statuses"].items() if n}
    assert shown == {row.status: row.n for row in found}
    assert stats["total"] == sum(shown.values())
    waiting = [shown.get(each, 0) for each in ("Pending - Scoring", "Pending - TQR")]
    assert [stats["pending"]["scoring"], stats["pending"]["resolution"]] == waiting


async def a_mixture(tenant: Tenant, settle: Settle) -> Json:
    """A campaign with responses in every mode, and of every outcome that intake leads to."""
    http = tenant.http
    campaign = await a_campaign(http)
    ada, alan = {"email": an_email()}, {"email": an_email()}
    await configure(http, SYNCHRONOUS)
    await post_all(http, [an_item(campaign, person=ada, external_id=f"{n}") for n in range(3)])
    await post(http, campaign, person=alan, member_status="Sent")
    await post(http, campaign, person=alan)
    await post(http, campaign, member_status="Sent")
    await configure(http, ASYNCHRONOUS, score_grace="PT1H")
    await post_all(http, [an_item(campaign) for _ in range(5)])
    await post_all(http, [an_item(campaign, score=-1) for _ in range(2)])
    await settle()
    await configure(http, MANUAL)
    await post_all(http, [an_item(campaign) for _ in range(4)])
    await configure(http, listed())
    await post(http, campaign)
    return campaign


async def test_counts_equal_the_responses_before_and_after_folding(
    tenant: Tenant, resources: Resources, settle: Settle, work: Work
) -> None:
    campaign = await a_mixture(tenant, settle)

    await assert_counts_equal_the_responses(tenant, resources, campaign)
    await fold_counters(work)
    await assert_counts_equal_the_responses(tenant, resources, campaign)
    assert await rows(resources, tenant, "SELECT id FROM status_deltas") == []

    await post_all(tenant.http, [an_item(campaign) for _ in range(3)])
    for window in await windows_of(tenant.http, campaign=campaign["id"]):
        await tenant.http.post(f"/v1/windows/{window['id']}/flush")
    await settle()
    await assert_counts_equal_the_responses(tenant, resources, campaign)
    await fold_counters(work)
    await fold_counters(work)
    await assert_counts_equal_the_responses(tenant, resources, campaign)


async def test_folds_at_once_lose_and_double_nothing(
    tenant: Tenant, resources: Resources, settle: Settle, work: Work
) -> None:
    campaign = await a_campaign(tenant.http)
    await configure(tenant.http, ASYNCHRONOUS, scoring_batch_size=5)
    await asyncio.gather(*(post(tenant.http, campaign) for _ in range(40)))

    await asyncio.gather(
        settle(),
        *(fold_counters(work) for _ in range(4)),
        *(post(tenant.http, campaign) for _ in range(20)),
    )
    await asyncio.gather(settle(), *(fold_counters(work) for _ in range(4)))

    await assert_counts_equal_the_responses(tenant, resources, campaign)
    stats = await get(tenant.http, f"campaigns/{campaign['id']}/stats")
    assert stats["statuses"][ResponseStatus.OPEN] == stats["total"] == 60


async def test_each_campaign_has_counts_of_its_own(
    tenant: Tenant, resources: Resources, settle: Settle, work: Work
) -> None:
    campaigns = [await a_mixture(tenant, settle) for _ in range(2)]
    await post(tenant.http, campaigns[0])
    await fold_counters(work)

    for campaign in campaigns:
        await assert_counts_equal_the_responses(tenant, resources, campaign)
