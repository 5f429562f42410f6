"""The end of a group: warned of twice, then gone; its jobs are free, its runs go on."""

from datetime import datetime, timedelta
from uuid import UUID

from app.core import clock
from app.core.failpoints import Purpose
from app.groups import expiry
from app.models.states import RunState
from tests.groups.making import Stage, active, asked, change, jobs, make, read, started
from tests.jobs import making
from tests.jobs.making import SECRET, Json, now_of, refused

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WELL = RunState.SUCCEEDED


async def test_it_is_warned_of_twice_and_then_gone(stage: Stage) -> None:
    ends = await now_of(stage.resources, stage.tenant) + 10 * DAY
    members = await jobs(stage.http, 2)
    group = await active(stage.http, members, never_expires=False, expires_at=ends.isoformat())

    looks = [await tend(stage, group, now) for now in looks_before(ends)]
    warned = await stage.told("group.expiring")
    gone = await stage.told("group.expired")

    assert looks == [ends - 7 * DAY, ends - DAY, ends - DAY, ends, None, None]
    assert len(warned) == 2
    assert [(one["group_id"], one["expires_at"]) for one in gone] == [
        (group["id"], ends.isoformat())
    ]


async def test_once_over_it_is_gone_for_everybody_and_its_jobs_are_free(stage: Stage) -> None:
    members = await jobs(stage.http, 2)
    group = await expired(stage, await active(stage.http, members))
    path = f"/v1/groups/{group['id']}"

    for answer in (
        await stage.http.get(path),
        await stage.http.patch(path, json={"name": "other"}),
        await stage.http.delete(path),
        await stage.http.post(f"{path}/activate"),
        await stage.http.post(f"{path}/runs"),
        await stage.http.post(f"{path}/force"),
        await stage.http.post(f"{path}/skip", json={"reason": "why not"}),
        await stage.http.get(f"{path}/schedule/preview"),
    ):
        refused(answer, 410, "group_expired")
    assert (await stage.http.get("/v1/groups")).json()["items"] == []
    again = await asked(stage.http, members)
    assert again.status_code == 201, again.text
    assert (await stage.told("group.expired"))[0]["group_id"] == group["id"]


async def test_a_run_that_has_begun_goes_on_over_the_end(stage: Stage) -> None:
    recipients = ["ops@example.com"]
    group = await active(stage.http, await jobs(stage.http), recipients=recipients)
    run = await started(stage.http, group)
    await stage.go(run, WELL)
    await expired(stage, group)
    await tend(stage, group, await now_of(stage.resources, stage.tenant))

    ended = await stage.go(run, WELL, WELL)

    assert ended["state"] == "succeeded"
    assert [one["cause"] for one in await stage.letters()] == ["group_expiry", "group"]
    assert len(await stage.told("group.expired")) == 1


async def test_what_failed_is_not_resumed_once_the_group_is_gone(stage: Stage) -> None:
    group = await active(stage.http, await jobs(stage.http, 2))
    run = await started(stage.http, group)
    await stage.go(run, RunState.FAILED)
    await expired(stage, group)

    refused(await stage.http.post(f"/v1/runs/{run['id']}/resume"), 410, "group_expired")


async def test_another_end_is_warned_of_anew(stage: Stage) -> None:
    ends = await now_of(stage.resources, stage.tenant) + 10 * DAY
    members = await jobs(stage.http, 2)
    group = await make(stage.http, members, never_expires=False, expires_at=ends.isoformat())
    await tend(stage, group, ends - 2 * DAY)

    answer = await change(stage.http, group, expires_at=(ends + 10 * DAY).isoformat())
    look = await tend(stage, group, ends - 2 * DAY)
    forever = await change(stage.http, group, never_expires=True)

    assert answer.status_code == 200
    assert look == ends + 3 * DAY
    assert (forever.json()["expires_at"], forever.json()["never_expires"]) == (None, True)
    assert (await read(stage.http, group))["expires_at"] is None


async def test_a_deleted_job_leaves_no_hole(stage: Stage) -> None:
    """A grouped job that expires stays a member: the group's owner is to see that it is missing."""
    first, second = await jobs(stage.http, 2)
    soon = await now_of(stage.resources, stage.tenant) + HOUR
    await making.change(stage.http, second, expires_at=soon.isoformat())
    group = await make(stage.http, [first, second])
    before = await now_of(stage.resources, stage.tenant) - HOUR
    await stage.write("UPDATE jobs SET expires_at = $2 WHERE id = $1", second["id"], before)

    assert [one["job"] for one in (await read(stage.http, group))["jobs"]] == [
        first["id"],
        second["id"],
    ]


def looks_before(ends: datetime) -> list[datetime]:
    return [
        *(ends - 8 * DAY, ends - 7 * DAY, ends - 2 * DAY, ends - DAY),
        *(ends, ends + DAY),
    ]


async def tend(stage: Stage, group: Json, now: datetime) -> datetime | None:
    account_id = stage.tenant.account_id
    async with stage.resources.unit_of_work(account_id, purpose=Purpose.EXPIRY) as session:
        group_id = UUID(group["id"])
        return await expiry.tend(session, account_id, group_id, secret_key=SECRET, now=now)


async def expired(stage: Stage, group: Json) -> Json:
    """The group, its time being over, although nobody has said so yet."""
    async with stage.resources.unit_of_work(stage.tenant.account_id) as session:
        before = clock.business_now(session) - HOUR
    sql = "UPDATE groups SET expires_at = $2, never_expires = false WHERE id = $1"
    await stage.write(sql, group["id"], before)
    return group
