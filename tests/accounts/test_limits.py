"""`GET /v1/account/limits`: the limits, what is used of them, when the day ends."""

from datetime import date, datetime, timedelta

from app.accounts.quotas import rules
from app.core.resources import Resources
from tests.accounts.quota_making import HOUR, MINUTE, Books
from tests.conftest import MakeTenant, Tenant
from tests.jobs.making import Json, make, make_it_noon, now_of, plan


async def limits_of_today(tenant: Tenant, resources: Resources, zone: str) -> tuple[Json, date]:
    """The limits and their day, which is today's there, also where it ends meanwhile."""
    before = await now_of(resources, tenant)
    limits: Json = (await tenant.http.get("/v1/account/limits")).json()
    after = await now_of(resources, tenant)
    day = date.fromisoformat(limits["day"])
    assert day in {rules.day_of(before, zone), rules.day_of(after, zone)}
    return limits, day


async def test_a_new_account_has_used_nothing(tenant: Tenant, resources: Resources) -> None:
    limits, day = await limits_of_today(tenant, resources, "UTC")

    assert limits["timezone"] == "UTC"
    assert datetime.fromisoformat(limits["resets_at"]) == rules.end_of(day, "UTC")
    assert limits["jobs"] == {"limit": 5, "used": 0, "left": 5}
    assert limits["executions"] == {"limit": 24, "used": 0, "left": 24}
    assert limits["minutes"] == {"limit": 240, "used": 0, "reserved": 0, "left": 240}
    assert limits["invocations"] == []
    assert limits["plan"] == (await tenant.http.get("/v1/account")).json()["plan"]


async def test_limits_show_what_is_used_and_left(tenant: Tenant, resources: Resources) -> None:
    books = Books(tenant, resources)
    await books.set_up(quota_mode="reserve")
    await make_it_noon(resources, tenant)
    job = await books.job()
    now = await now_of(resources, tenant)
    for _ in range(2):
        assert await books.start(job, needed=HOUR, now=now) is None
    await books.book(job, timedelta(seconds=90), started_at=now, held=HOUR)

    limits = (await tenant.http.get("/v1/account/limits")).json()

    assert limits["jobs"] == {"limit": 5, "used": 1, "left": 4}
    assert limits["executions"] == {"limit": 24, "used": 2, "left": 22}
    assert limits["minutes"] == {"limit": 240, "used": 1.5, "reserved": 60, "left": 178.5}
    assert limits["invocations"] == [
        {"job_id": str(job), "name": "nightly", "limit": 10, "used": 2, "left": 8, "minutes": 1.5}
    ]


async def test_nothing_is_ever_left_below_zero(
    tenant: Tenant, resources: Resources, make_tenant: MakeTenant
) -> None:
    books = Books(tenant, resources)
    await make_it_noon(resources, tenant)
    jobs = [await books.job(name) for name in ("one", "two")]
    now = await now_of(resources, tenant)
    for job in jobs:
        assert await books.start(job, needed=HOUR, now=now) is None
    for job in jobs:
        await books.book(job, 500 * MINUTE, started_at=now)
    await plan(make_tenant, tenant, jobs=1, executions_per_day=1, invocations_per_job=0)

    limits = (await tenant.http.get("/v1/account/limits")).json()

    assert limits["jobs"] == {"limit": 1, "used": 2, "left": 0}
    assert limits["executions"] == {"limit": 1, "used": 2, "left": 0}
    assert limits["minutes"] == {"limit": 240, "used": 1000, "reserved": 0, "left": 0}
    assert {one["left"] for one in limits["invocations"]} == {0}


async def test_a_deleted_job_is_in_use_no_longer_and_keeps_what_it_used_up(
    tenant: Tenant, resources: Resources
) -> None:
    books = Books(tenant, resources)
    await make_it_noon(resources, tenant)
    job = await make(tenant.http, "kept")
    gone = await books.job("gone")
    assert await books.start(gone, now=await now_of(resources, tenant)) is None

    assert (await tenant.http.delete(f"/v1/jobs/{gone}")).status_code == 204
    limits = (await tenant.http.get("/v1/account/limits")).json()

    assert limits["jobs"]["used"] == 1
    assert limits["executions"]["used"] == 1
    assert [one["job_id"] for one in limits["invocations"]] == [str(gone)]
    assert job["id"] != str(gone)


async def test_the_day_is_that_of_the_accounts_zone(tenant: Tenant, resources: Resources) -> None:
    await tenant.http.patch("/v1/account", json={"timezone": "Pacific/Kiritimati"})

    limits, day = await limits_of_today(tenant, resources, "Pacific/Kiritimati")

    assert limits["timezone"] == "Pacific/Kiritimati"
    assert datetime.fromisoformat(limits["resets_at"]) == rules.end_of(day, "Pacific/Kiritimati")
