"""Who hears of a group: its recipients, else the account's; of what is missing, too."""

from datetime import datetime
from uuid import UUID

from app.core.failpoints import Purpose
from app.fires import overdue
from app.fires.queries import Owner
from app.models.states import OwnerKind, RunState
from tests.fires.making import HOUR, MINUTE, every, next_hour
from tests.groups.making import Stage, active, change, jobs, read, started
from tests.jobs.making import Json

WELL, BADLY = RunState.SUCCEEDED, RunState.FAILED


async def subjects(stage: Stage) -> list[str]:
    return [letter["subject"] for letter in await stage.letters()]


async def policy(stage: Stage, *on: str) -> None:
    told = {"emails": ["all@example.com"], "on": list(on)}
    answer = await stage.http.put("/v1/alert-policy", json=told)
    assert answer.status_code == 200, answer.text


async def test_without_recipients_the_accounts_policy_holds(stage: Stage) -> None:
    await policy(stage, "failure", "recovery")
    group = await active(stage.http, await jobs(stage.http, 2))

    await stage.go(await started(stage.http, group), WELL, WELL)
    await stage.go(await started(stage.http, group), BADLY)
    await stage.go(await started(stage.http, group), WELL, WELL)
    await stage.go(await started(stage.http, group), WELL, WELL)

    assert group["warnings"] == []
    assert await subjects(stage) == [
        "[Penstock] nightly: failed",
        "[Penstock] nightly: succeeded",
    ]


async def test_its_own_recipients_go_before_the_policy(stage: Stage) -> None:
    await policy(stage, "failure")
    recipients, members = ["ops@example.com"], await jobs(stage.http, 2)
    group = await active(stage.http, members, notify_on=["success"], recipients=recipients)

    await stage.go(await started(stage.http, group), BADLY)

    assert await subjects(stage) == []


async def test_jobs_of_a_group_send_nothing_of_their_own(stage: Stage) -> None:
    alert = {"emails": ["owner@example.com"], "on": ["failure", "success"]}
    group = await active(stage.http, await jobs(stage.http, 2, alert=alert))

    await stage.go(await started(stage.http, group), WELL, BADLY)

    assert await subjects(stage) == []


async def test_the_success_after_a_failure_is_a_recovery(stage: Stage) -> None:
    group = await active(stage.http, await jobs(stage.http, 2))
    await stage.go(await started(stage.http, group), BADLY)
    run = await stage.go(await started(stage.http, group), WELL, WELL)

    (event,) = await stage.told("job.recovered")

    assert (event["owner_kind"], event["owner_id"]) == ("group", group["id"])
    assert (event["run_id"], event["recovered_from"]) == (run["id"], "failure")


async def test_a_success_that_did_not_come_is_told_once(stage: Stage) -> None:
    first = await next_hour(stage.resources, stage.tenant)
    recipients, schedule = ["ops@example.com"], every("PT1H", first, grace="PT5M")
    members = await jobs(stage.http, 2)
    group = await active(stage.http, members, recipients=recipients, schedule=schedule)

    before = await look(stage, group, first + 4 * MINUTE)
    for minutes in (6, 60):
        await look(stage, group, first + minutes * MINUTE)
    (event,) = await stage.told("job.overdue")
    shown = await read(stage.http, group)

    assert before == 1
    assert (event["owner_kind"], event["owner_id"]) == ("group", group["id"])
    assert await subjects(stage) == ["[Penstock] nightly is overdue"]
    assert shown["standing"] == "down"


async def test_while_its_run_is_at_work_it_is_not_overdue(stage: Stage) -> None:
    first = await next_hour(stage.resources, stage.tenant)
    schedule = every("PT1H", first, grace="PT5M")
    group = await active(stage.http, await jobs(stage.http, 2), schedule=schedule)
    await stage.plan_at(first, group)
    await stage.turn()

    await look(stage, group, first + HOUR)

    assert await stage.told("job.overdue") == []
    assert (await change(stage.http, group, is_paused=True)).json()["standing"] is None


async def look(stage: Stage, group: Json, now: datetime) -> int:
    """What whoever looks for missing successes does at this moment."""
    owner = Owner(stage.tenant.account_id, OwnerKind.GROUP, UUID(group["id"]))
    async with stage.resources.unit_of_work(
        stage.tenant.account_id, purpose=Purpose.FIRES
    ) as session:
        session.info["now"] = now
        return await overdue.look(session, [owner], now=now)
