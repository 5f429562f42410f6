"""What a write to a person makes due: asked-for scoring, and rows that wait for a better score."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from app.core import clock
from app.core.ids import uuid7
from app.core.queue import Ring, Task
from app.core.resources import Resources
from app.models import PendingResolution, PendingScoring
from app.people import waking
from tests.conftest import Tenant
from tests.people.making import an_email, id_of, read, upsert

HOUR = timedelta(hours=1)


async def scoring_row(
    resources: Resources, tenant: Tenant, person_id: UUID, *, window_id: UUID | None = None
) -> UUID:
    row = PendingScoring(
        account_id=tenant.account_id,
        response_id=uuid7(),
        campaign_id=uuid7(),
        person_id=person_id,
        window_id=window_id,
    )
    async with resources.unit_of_work(tenant.account_id) as session:
        session.add(row)
    return row.response_id


async def resolution_row(
    resources: Resources, tenant: Tenant, person_id: UUID, *, has_grace: bool
) -> UUID:
    async with resources.unit_of_work(tenant.account_id) as session:
        row = PendingResolution(
            account_id=tenant.account_id,
            response_id=uuid7(),
            campaign_id=uuid7(),
            person_id=person_id,
            due_at=clock.business_now(session) + HOUR,
            has_grace=has_grace,
        )
        session.add(row)
    return row.response_id


async def is_due(
    resources: Resources,
    tenant: Tenant,
    table: type[PendingScoring] | type[PendingResolution],
    response_id: UUID,
) -> bool:
    statement = text(
        f"SELECT coalesce(due_at <= business_now(), false) FROM {table.__tablename__} "
        "WHERE response_id = :response_id"
    )
    async with resources.unit_of_work(tenant.account_id) as session:
        found = await (await session.connection()).execute(statement, {"response_id": response_id})
        return bool(found.scalar_one())


async def test_do_pending_scoring_makes_manual_rows_due_in_all_campaigns(
    tenant: Tenant, resources: Resources
) -> None:
    mine, theirs = [await upsert(tenant.http, email=an_email()) for _ in range(2)]
    rows = [await scoring_row(resources, tenant, id_of(mine)) for _ in range(2)]
    windowed = await scoring_row(resources, tenant, id_of(mine), window_id=uuid7())
    others = await scoring_row(resources, tenant, id_of(theirs))

    answer = await tenant.http.post(
        "/v1/people", json={"email": mine["email"], "do_pending_scoring": True}
    )

    assert answer.json()["do_pending_scoring"] is False
    assert [await is_due(resources, tenant, PendingScoring, row) for row in rows] == [True, True]
    assert not await is_due(resources, tenant, PendingScoring, windowed)
    assert not await is_due(resources, tenant, PendingScoring, others)


async def test_do_pending_scoring_reads_back_false_after_a_patch(
    tenant: Tenant, resources: Resources
) -> None:
    person = await upsert(tenant.http, email=an_email())
    row = await scoring_row(resources, tenant, id_of(person))
    path = f"/v1/people/{person['id']}"

    unasked = await tenant.http.patch(path, json={"do_pending_scoring": False})
    assert unasked.status_code == 200
    assert not await is_due(resources, tenant, PendingScoring, row)

    asked = await tenant.http.patch(path, json={"do_pending_scoring": True, "score": 40})

    assert (asked.json()["do_pending_scoring"], asked.json()["score"]) == (False, 40)
    assert (await read(tenant.http, person))["do_pending_scoring"] is False
    assert await is_due(resources, tenant, PendingScoring, row)


async def test_a_changed_score_ends_the_grace(tenant: Tenant, resources: Resources) -> None:
    person = await upsert(tenant.http, email=an_email(), score=1)
    graced = await resolution_row(resources, tenant, id_of(person), has_grace=True)
    waiting = await resolution_row(resources, tenant, id_of(person), has_grace=False)

    await upsert(tenant.http, email=person["email"], score=1, title="VP")
    assert not await is_due(resources, tenant, PendingResolution, graced)

    await upsert(tenant.http, email=person["email"], score=2)
    assert await is_due(resources, tenant, PendingResolution, graced)
    assert not await is_due(resources, tenant, PendingResolution, waiting)


async def test_a_patched_score_ends_the_grace(tenant: Tenant, resources: Resources) -> None:
    person = await upsert(tenant.http, email=an_email())
    graced = await resolution_row(resources, tenant, id_of(person), has_grace=True)

    await tenant.http.patch(f"/v1/people/{person['id']}", json={"score": 5})

    assert await is_due(resources, tenant, PendingResolution, graced)


async def test_each_woken_campaign_is_rung_for_once(tenant: Tenant, resources: Resources) -> None:
    people = [id_of(await upsert(tenant.http, email=an_email())) for _ in range(2)]
    campaign_id = uuid7()
    async with resources.unit_of_work(tenant.account_id) as session:
        session.add_all(
            PendingScoring(
                account_id=tenant.account_id,
                response_id=uuid7(),
                campaign_id=campaign_id,
                person_id=person_id,
            )
            for person_id in people
        )
        await session.flush()
        now = clock.business_now(session)

        await waking.ask_for_scoring(session, tenant.account_id, people, now)
        rung = session.info.pop("rings")
        await waking.ask_for_scoring(session, tenant.account_id, people, now)
        await waking.score_changed(session, tenant.account_id, [], now)

        assert list(rung) == [Ring(Task.DRAIN_LANE, tenant.account_id, campaign_id)]
        assert "rings" not in session.info


async def test_another_accounts_rows_stay_asleep(tenant: Tenant, resources: Resources) -> None:
    person = id_of(await upsert(tenant.http, email=an_email()))
    row = await scoring_row(resources, tenant, person)
    stranger = uuid7()

    async with resources.unit_of_work(stranger) as session:
        now = clock.business_now(session)
        await waking.ask_for_scoring(session, tenant.account_id, [person], now)

    assert not await is_due(resources, tenant, PendingScoring, row)
