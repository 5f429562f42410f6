"""The planner's look: when it comes again, what it does with a timetable that cannot be fired."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.core.driver import driver_of
from app.core.ids import uuid7
from app.core.resources import Resources
from app.fires.queries import Owner
from app.models.states import OwnerKind
from tests.conftest import Tenant
from tests.fires.making import (
    HOUR,
    SECOND,
    fires_of,
    next_hour,
    once,
    reasons_of,
    scheduled,
    spoil,
    told,
)
from tests.jobs.making import Json, change, done, now_of, read
from workers import fires
from workers.work import Work

pytestmark = pytest.mark.usefixtures("_roomy")


async def be_due(resources: Resources, tenant: Tenant, job: Json) -> None:
    """Make a job due by the plan that it has."""
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await driver_of(session)).execute(
            "UPDATE timetables SET schedule = jsonb_set(schedule, '{starts_at}', to_jsonb(n.now)),"
            " planned_until = n.now - interval '1 s', next_at = n.now"
            " FROM (SELECT business_now() AS now) n WHERE account_id = $1 AND owner_id = $2",
            *(tenant.account_id, UUID(job["id"])),
        )


async def test_the_planner_comes_again_as_the_next_moment_does(
    tenant: Tenant, resources: Resources
) -> None:
    await scheduled(tenant.http, once(await now_of(resources, tenant) + HOUR), "late")
    await scheduled(tenant.http, once(await now_of(resources, tenant) + 100 * SECOND), "early")

    left = await fires.plan(Work(resources))

    assert left is not None
    assert 0 < left <= 100


async def test_a_timetable_that_cannot_be_fired_is_seen_and_left_alone(
    tenant: Tenant, resources: Resources
) -> None:
    first = await next_hour(resources, tenant)
    bad, good = [await scheduled(tenant.http, once(first), name) for name in ("bad", "good")]
    assert (await read(tenant.http, bad))["held_up"] is None
    await spoil(resources, tenant, bad)
    await be_due(resources, tenant, good)
    work = Work(resources)

    await fires.plan(work)
    again = await fires.fire_due(work)
    held_up = (await read(tenant.http, bad))["held_up"]

    assert await reasons_of(tenant.http, good) == ["ran"]
    assert await reasons_of(tenant.http, bad) == []
    assert again == 0
    assert held_up["tries"] == 1
    pause = datetime.fromisoformat(held_up["try_again_at"]) - datetime.fromisoformat(
        held_up["since"]
    )
    assert pause > timedelta()


async def test_its_pause_grows_and_its_first_fire_ends_it(
    tenant: Tenant, resources: Resources
) -> None:
    job = await scheduled(tenant.http, once(await next_hour(resources, tenant)))
    work, ends = Work(resources), []
    for _ in range(3):
        await spoil(resources, tenant, job)
        await fires.plan(work)
        ends.append((await read(tenant.http, job))["held_up"])
    await mend(resources, tenant, job)
    await fires.plan(work)

    assert [end["tries"] for end in ends] == [1, 2, 3]
    moments = [datetime.fromisoformat(end["try_again_at"]) for end in ends]
    assert moments[1] - moments[0] > SECOND
    assert moments[2] - moments[1] > 2 * SECOND
    assert len({end["since"] for end in ends}) == 1
    assert await reasons_of(tenant.http, job) == ["ran"]
    assert (await read(tenant.http, job))["held_up"] is None


async def mend(resources: Resources, tenant: Tenant, job: Json) -> None:
    """What a repair of ours does: the plan can be read, and its pause is over."""
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await driver_of(session)).execute(
            "UPDATE timetables SET try_again_at = now(),"
            " schedule = schedule || jsonb_build_object('timezone', 'UTC', 'starts_at', next_at)"
            " WHERE account_id = $1 AND owner_id = $2",
            *(tenant.account_id, UUID(job["id"])),
        )


@pytest.mark.parametrize("deed", ["save", "skip", "unpublish", "delete"])
async def test_a_job_whose_timetable_cannot_be_fired_can_be_changed(
    tenant: Tenant, resources: Resources, deed: str
) -> None:
    job = await scheduled(tenant.http, once(await next_hour(resources, tenant)))
    await spoil(resources, tenant, job)
    place = f"/v1/jobs/{job['id']}"

    if deed == "save":
        answer = await change(tenant.http, job, description="mended")
    elif deed == "skip":
        answer = await tenant.http.post(f"{place}/skip", json={"reason": "moving"})
    elif deed == "unpublish":
        answer = await tenant.http.post(f"{place}/unpublish")
    else:
        answer = await tenant.http.delete(place)
    (fire,) = await fires_of(tenant.http, job)

    assert answer.is_success, answer.text
    assert fire["reason"] == "missed_window"
    assert "could not be fired" in fire["details"]["reason"]
    assert [event["reason"] for event in await told(resources, tenant, "fire.not_run")] == [
        "missed_window"
    ]
    if deed in ("save", "skip"):
        now = await read(tenant.http, job)
        assert (now["next_fire_at"], now["held_up"]) == (job["next_fire_at"], None)


async def test_a_moment_that_is_in_the_ledger_already_is_not_recorded_twice(
    tenant: Tenant, resources: Resources
) -> None:
    """A line that should not be there is what keeps the timetable from being fired."""
    job = await scheduled(tenant.http, once(await next_hour(resources, tenant)))
    await be_due(resources, tenant, job)
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await driver_of(session)).execute(
            "INSERT INTO fires (account_id, owner_kind, owner_id, planned_at, id, outcome, reason,"
            " recorded_at) SELECT account_id, owner_kind, owner_id, next_at, $3, 'not_run',"
            " 'paused', now() FROM timetables WHERE account_id = $1 AND owner_id = $2",
            *(tenant.account_id, UUID(job["id"]), uuid7()),
        )
    await fires.plan(Work(resources))
    assert (await read(tenant.http, job))["held_up"]["tries"] == 1

    await done(tenant.http, job, "unpublish")

    assert await reasons_of(tenant.http, job) == ["paused"]


def test_an_account_lies_in_one_set_unless_it_fills_several() -> None:
    sizes = [3, fires.SET - 4, 5, 2 * fires.SET + 1, 7]
    owners = [
        Owner(account_id, OwnerKind.JOB, uuid7())
        for account_id, size in zip([uuid7() for _ in sizes], sizes, strict=True)
        for _ in range(size)
    ]

    found = list(fires.sets_of(owners[::-1]))

    assert [one for portion in found for one in portion] == sorted(owners)
    assert [len(portion) for portion in found] == [fires.SET - 1, 5, fires.SET, fires.SET, 8]
