"""Attempts: retried as often as the job says, gated and booked, told their number."""

import asyncio
import time

import pytest

from app.core.driver import driver_of
from app.core.resources import Resources
from app.jobs.attempts.rules import Ending, Next, what_follows
from tests.code_runs.making import Site, error_of, published
from tests.conftest import MakeTenant
from tests.faults.processes import until
from tests.fires.making import told as told_of
from tests.jobs.making import make_it_noon, plan
from workers.clock import advance_if_asked
from workers.runs import MOST_CLAIMS

FAILS = """
    import time
    def main(event):
        print("attempt", event["retry_attempt"])
        raise ValueError("as ever")
"""


async def test_a_failure_is_tried_again_and_then_it_has_failed(site: Site) -> None:
    await make_it_noon(site.work.resources, site.tenant)
    job = await published(site.http, FAILS, retries=1)
    run = await site.run(job)

    assert error_of(run) == ("failed", "raised")
    assert run["attempt"] == 1
    assert [one["attempt"] for one in run["details"]["attempts"]] == [0, 1]
    said = [(line["attempt"], line["text"]) for line in await site.log(run, level="info")]
    assert [one for one in said if one[1].startswith("attempt")] == [
        (0, "attempt 0"),
        (1, "attempt 1"),
    ]
    assert (await site.limits())["executions"]["used"] == 1


async def test_without_retries_it_has_failed_at_once(site: Site) -> None:
    run = await site.run(await published(site.http, FAILS))

    assert (error_of(run), run["attempt"]) == (("failed", "raised"), 0)


async def test_one_that_succeeds_the_second_time_has_succeeded(site: Site) -> None:
    job = await published(site.http, "def main(event): 1 / event['retry_attempt']", retries=1)
    run = await site.run(job)

    assert (error_of(run), run["attempt"]) == (("succeeded", None), 1)


async def test_a_retry_that_the_day_has_no_minutes_for_is_refused(
    site: Site, make_tenant: MakeTenant
) -> None:
    await make_it_noon(site.work.resources, site.tenant)
    await plan(make_tenant, site.tenant, minutes_per_day=1)
    job = await published(site.http, FAILS, retries=1, timeout="PT1M")
    run = await site.run(job)

    assert error_of(run) == ("failed", "retry_refused")
    assert run["error"]["detail"].startswith("quota_minutes, after raised: Traceback")
    assert {line["attempt"] for line in await site.log(run)} == {0}
    (told,) = await told_of(site.work.resources, site.tenant, "quota.exhausted")
    assert (told["reason"], told["job_id"]) == ("quota_minutes", job["id"])


async def test_what_was_reserved_for_a_run_that_is_given_up_is_given_back(
    site: Site, make_tenant: MakeTenant, resources: Resources
) -> None:
    """A version that is no number: nobody foresaw it, and nobody has come any further with it."""
    await make_it_noon(resources, site.tenant)
    await plan(make_tenant, site.tenant, quota_mode="reserve", minutes_per_day=240)
    job = await published(site.http, timeout="PT30M", retries=1)
    run_id, place = await site.start(job), site.tenant.account_id
    held = (await site.limits())["minutes"]["reserved"]
    async with resources.unit_of_work(place) as session:
        driver = await driver_of(session)
        await driver.execute(
            """UPDATE runs SET code_version = NULL, details = details || '{"version": "second"}'
                WHERE account_id = $1 AND id = $2""",
            *(place, run_id),
        )
        await driver.execute(
            "UPDATE pending_runs SET token = $3 WHERE account_id = $1 AND run_id = $2",
            *(place, run_id, MOST_CLAIMS - 1),
        )

    run = await site.do(run_id)
    minutes = (await site.limits())["minutes"]

    assert error_of(run) == ("failed", "internal_error")
    assert [one["ending"] for one in run["details"]["attempts"]] == ["internal_error"]
    assert (held, minutes["reserved"], minutes["used"]) == (30, 0, 0)


async def test_what_was_reserved_is_given_back(site: Site, make_tenant: MakeTenant) -> None:
    await make_it_noon(site.work.resources, site.tenant)
    await plan(make_tenant, site.tenant, quota_mode="reserve", minutes_per_day=240)
    job = await published(site.http, FAILS, retries=1, timeout="PT30M")
    run_id = await site.start(job)
    held = (await site.limits())["minutes"]["reserved"]
    await site.do(run_id)

    assert (held, (await site.limits())["minutes"]["reserved"]) == (30, 0)


async def test_what_ends_by_its_own_limits_says_so(site: Site) -> None:
    source = """
        import time
        def main(event):
            if event["body"] == "sleep": time.sleep(60)
            import os; os.kill(os.getpid(), 9)
    """
    short = await published(site.http, source, timeout="PT1S")
    slow = await site.run(short, body="sleep")
    dead = await site.run(await published(site.http, source, "deadly"), body="kill")

    assert (error_of(slow), error_of(dead)) == (("failed", "timeout"), ("failed", "killed"))


async def test_a_timeout_is_business_time(site: Site, make_tenant: MakeTenant) -> None:
    await make_it_noon(site.work.resources, site.tenant)
    source = "import time\ndef main():\n    print('waiting', flush=True)\n    time.sleep(600)"
    job = await published(site.http, source, timeout="PT40M")
    began = time.monotonic()
    run_id = await site.start(job)
    doing = asyncio.create_task(site.do(run_id))

    async def is_waiting() -> bool:
        return await site.texts({"id": str(run_id)}) == ["waiting"]

    await until(is_waiting)
    platform = (await make_tenant(platform=True)).http
    moving = asyncio.create_task(platform.post("/v1/clock/advance", json={"by": "PT40M"}))
    while not (moving.done() and doing.done()):
        await advance_if_asked(site.work)
        await asyncio.sleep(0.02)
    assert (await moving).is_success
    run = await doing

    assert error_of(run) == ("failed", "timeout")
    booked = (await site.limits())["minutes"]["used"]
    assert 40 <= booked <= 40 + (time.monotonic() - began) / 60


@pytest.mark.parametrize(
    ("ending", "used", "retries", "follows"),
    [
        (Ending.RETURNED, 0, 3, Next.SUCCEED),
        (Ending.CANCELLED, 0, 3, Next.CANCEL),
        (Ending.RAISED, 0, 1, Next.AGAIN),
        (Ending.RAISED, 1, 1, Next.FAIL),
        (Ending.TIMEOUT, 0, 0, Next.FAIL),
        (Ending.WORKER_LOST, 0, 1, Next.AGAIN),
        (Ending.WORKER_LOST, 0, 0, Next.FAIL),
        (Ending.WORKER_STOPPED, 1, 1, Next.AGAIN_FOR_FREE),
        (Ending.WORKER_STOPPED, 0, 0, Next.FAIL),
        (Ending.CODE_DAMAGED, 0, 3, Next.FAIL),
    ],
)
def test_what_follows(ending: Ending, used: int, retries: int, follows: Next) -> None:
    assert what_follows(ending, attempt=used, retries_used=used, retries=retries) is follows


def test_stopped_workers_do_not_go_on_for_ever() -> None:
    ending = Ending.WORKER_STOPPED
    assert what_follows(ending, attempt=19, retries_used=0, retries=1) is Next.FAIL
