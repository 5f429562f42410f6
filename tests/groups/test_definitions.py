"""Definitions of groups: what can be saved, what is refused, and what their jobs may not become."""

import asyncio
from typing import Any

import pytest

from app.core.ids import uuid7
from tests.conftest import MakeTenant
from tests.groups.making import Stage, a_campaign, active, asked, change, done, jobs, make, read
from tests.jobs import making
from tests.jobs.making import refused


async def test_a_group_reads_back_as_it_was_saved(stage: Stage) -> None:
    first, second = await jobs(stage.http, 2)
    campaign = await a_campaign(stage.http)
    members = [second["id"], {"job": first["id"], "on_failure": "continue", "always": True}]
    fields = {
        "description": "At night.",
        "launch_campaigns": [campaign["id"]],
        "notify_on": ["failure"],
        "recipients": ["ops@example.com"],
    }

    answer = await stage.http.post(
        "/v1/groups", json={"name": "nightly", "never_expires": True, "jobs": members, **fields}
    )
    group = answer.json()

    assert (answer.status_code, answer.headers["Location"]) == (201, f"/v1/groups/{group['id']}")
    assert await read(stage.http, group) == group
    assert group["jobs"] == [
        {"job": second["id"], "name": "job-1", "on_failure": "halt", "always": False},
        {"job": first["id"], "name": "job-0", "on_failure": "continue", "always": True},
    ]
    assert {name: group[name] for name in fields} == fields
    assert (group["state"], group["activated_at"]) == ("inactive", None)
    assert (group["warnings"], group["left_to_schedule"]) == ([], [])


async def test_a_group_that_tells_nobody_says_so(stage: Stage) -> None:
    group = await make(stage.http, await jobs(stage.http, 2))

    assert group["warnings"] == ["no_alert_target"]
    assert group["notify_on"] == ["success", "failure"]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"never_expires": False}, ("/expires_at", "missing")),
        (
            {"never_expires": False, "expires_at": "2020-01-01T00:00:00Z"},
            ("/expires_at", "in_the_past"),
        ),
        ({"launch_campaigns": [str(uuid7())]}, ("/launch_campaigns/0", "not_found")),
        ({"jobs": []}, ("/jobs", "too_few")),
    ],
)
async def test_what_makes_no_sense_is_refused_and_named(
    stage: Stage, fields: Any, place: tuple[str, str]
) -> None:
    members = await jobs(stage.http, 2)
    group = await make(stage.http, members, name="another")
    told = {"name": "nightly", "never_expires": True, "jobs": [job["id"] for job in members]}

    created = await stage.http.post("/v1/groups", json=told | fields)
    changed = await change(stage.http, group, **fields)

    assert place in refused(created, 422, "invalid_group")
    assert refused(changed, 422, "invalid_group") == [place]
    assert await read(stage.http, group) == group


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"never_expires": True, "expires_at": "2999-01-01T00:00:00Z"}, "/never_expires"),
        ({"notify_on": ["failure", "failure"]}, "/notify_on/1"),
        ({"notify_on": ["recovery"]}, "/notify_on/0"),
        ({"recipients": ["nobody"]}, "/recipients/0"),
        ({"recipients": ["a@example.com"] * 2}, "/recipients/1"),
        ({"jobs": ["nothing"]}, "/jobs/0/job"),
        ({"jobs": [7]}, "/jobs/0"),
        ({"jobs": [{"job": str(uuid7()), "on_failure": "shrug"}]}, "/jobs/0/on_failure"),
        ({"launch_campaigns": ["spring"]}, "/launch_campaigns/0"),
        ({"name": ""}, "/name"),
        ({"colour": "red"}, "/colour"),
        ({"schedule": {"type": "sometimes"}}, "/schedule/type"),
    ],
)
async def test_bad_input_is_named_by_its_place(stage: Stage, fields: Any, place: str) -> None:
    group = await make(stage.http, await jobs(stage.http, 2))

    answer = await change(stage.http, group, **fields)

    assert place in [at for at, _ in refused(answer, 422, "validation_failed")]


async def test_a_job_is_listed_once(stage: Stage) -> None:
    first, second = await jobs(stage.http, 2)

    answer = await asked(stage.http, [first, second, first])

    assert refused(answer, 422, "validation_failed") == [("/jobs/2/job", "repeated")]


async def test_only_published_jobs_on_demand_can_be_members(stage: Stage) -> None:
    good = await making.published(stage.http, "good")
    draft = await making.make(stage.http, "draft")
    schedule = {"type": "daily", "at": ["02:30"]}
    planned = await making.published(stage.http, "planned", schedule=schedule)
    alone = await making.published(stage.http, "alone", schedule=schedule, ad_hoc=False)
    nothing = {"id": str(uuid7())}

    answer = await asked(stage.http, [good, draft, planned, alone, nothing])

    assert refused(answer, 422, "invalid_group") == [
        ("/jobs/1/job", "not_published"),
        ("/jobs/2/job", "not_on_demand"),
        ("/jobs/3/job", "not_on_demand"),
        ("/jobs/4/job", "not_found"),
    ]


async def test_a_job_is_in_one_group_only(stage: Stage) -> None:
    first, second, third = await jobs(stage.http)
    group = await make(stage.http, [first, second])

    other = await asked(stage.http, [third, first], name="other")
    await stage.http.delete(f"/v1/groups/{group['id']}")
    after = await asked(stage.http, [third, first], name="other")

    assert refused(other, 409, "job_in_another_group") == [("/jobs/1/job", "in_another_group")]
    assert after.status_code == 201


async def test_of_groups_that_want_a_job_at_once_one_gets_it(stage: Stage) -> None:
    members = await jobs(stage.http, 3)
    lists = [members[:2], members[1::-1], members[1:], members[::2]]

    answers = await asyncio.gather(
        *(asked(stage.http, some, name=f"g{n}") for n, some in enumerate(lists))
    )

    made = [answer.json() for answer in answers if answer.status_code == 201]
    taken = [member["job"] for group in made for member in group["jobs"]]
    assert made
    assert len(taken) == len(set(taken))
    for answer in answers:
        assert answer.status_code in (201, 409), answer.text


async def test_names_are_unique_among_those_that_live(stage: Stage) -> None:
    first, second, third = await jobs(stage.http)
    group = await make(stage.http, [first, second])
    fourth = await making.published(stage.http, "job-3")

    refused(await asked(stage.http, [third, fourth]), 409, "group_name_taken")
    await stage.http.delete(f"/v1/groups/{group['id']}")
    assert (await asked(stage.http, [third, fourth])).status_code == 201


async def test_changes_are_fenced_by_versions(stage: Stage) -> None:
    group = await make(stage.http, await jobs(stage.http, 2))
    path = f"/v1/groups/{group['id']}"
    tag = (await stage.http.get(path)).headers["ETag"]

    first = await stage.http.patch(path, json={"name": "one"}, headers={"If-Match": tag})
    second = await stage.http.patch(path, json={"name": "two"}, headers={"If-Match": tag})
    third = await stage.http.delete(path, headers={"If-Match": tag})

    assert first.status_code == 200
    refused(second, 412, "changed_meanwhile")
    refused(third, 412, "changed_meanwhile")
    assert (await read(stage.http, group))["name"] == "one"


async def test_activating_and_deactivating_are_safe_to_repeat(stage: Stage) -> None:
    group = await make(stage.http, await jobs(stage.http, 2))

    seen = [
        (await done(stage.http, group, deed))["state"]
        for deed in ("activate", "activate", "deactivate", "deactivate", "activate")
    ]

    assert seen == ["active", "active", "inactive", "inactive", "active"]


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("unpublish", "unpublished"),
        ("delete", "deleted"),
        ("schedule", "given a schedule"),
        ("call", "kept from being called"),
    ],
)
async def test_a_job_stays_as_its_group_needs_it(stage: Stage, deed: str, said: str) -> None:
    first, second, third = await jobs(stage.http)
    group = await make(stage.http, [first, second])

    grouped = await undo(stage, first, deed)
    alone = await undo(stage, third, deed)
    await stage.http.delete(f"/v1/groups/{group['id']}")
    after = await undo(stage, first, deed)

    refused(grouped, 409, "job_in_group")
    assert group["id"] in grouped.json()["detail"]
    assert said in grouped.json()["detail"]
    assert alone.status_code in (200, 204, 422)
    assert after.status_code == alone.status_code


async def test_other_changes_of_a_grouped_job_are_free(stage: Stage) -> None:
    first, second = await jobs(stage.http, 2)
    await make(stage.http, [first, second])

    answer = await making.change(stage.http, first, name="renamed", timeout="PT5M", schedule=None)

    assert answer.status_code == 200


async def test_a_job_is_taken_in_or_unpublished_never_both(stage: Stage) -> None:
    first, second = await jobs(stage.http, 2)
    for _ in range(5):
        made, undone = await asyncio.gather(
            asked(stage.http, [first, second]), undo(stage, second, "unpublish")
        )

        assert sorted((made.status_code == 201, undone.status_code == 200)) == [False, True]
        if made.status_code == 201:
            refused(undone, 409, "job_in_group")
            await stage.http.delete(f"/v1/groups/{made.json()['id']}")
        else:
            assert refused(made, 422, "invalid_group") == [("/jobs/1/job", "not_published")]
            await making.done(stage.http, second, "publish")


async def test_an_account_lists_its_groups(stage: Stage, make_tenant: MakeTenant) -> None:
    first, second, third = await jobs(stage.http)
    fourth = await making.published(stage.http, "job-3")
    one = await make(stage.http, [first, second], name="one")
    two = await active(stage.http, [third, fourth], name="two")
    stranger = await make_tenant()

    async def names(**wanted: str) -> list[str]:
        answer = await stage.http.get("/v1/groups", params=wanted)
        return [group["id"] for group in answer.json()["items"]]

    assert await names() == [one["id"], two["id"]]
    assert await names(name="two") == [two["id"]]
    assert await names(state="inactive") == [one["id"]]
    page = (await stage.http.get("/v1/groups", params={"limit": 1})).json()
    assert await names(limit="1", cursor=page["next_cursor"]) == [two["id"]]
    assert (await stranger.http.get("/v1/groups")).json()["items"] == []


async def test_nobody_takes_in_another_accounts_jobs_or_campaigns(
    stage: Stage, make_tenant: MakeTenant
) -> None:
    theirs = await make_tenant()
    members = await jobs(stage.http, 2)
    foreign = await making.published(theirs.http, "foreign")
    campaign = await a_campaign(theirs.http)

    job = await asked(stage.http, [*members, foreign])
    launch = await asked(stage.http, members, launch_campaigns=[campaign["id"]])

    assert refused(job, 422, "invalid_group") == [("/jobs/2/job", "not_found")]
    assert refused(launch, 422, "invalid_group") == [("/launch_campaigns/0", "not_found")]


async def test_a_deleted_group_is_gone_and_its_jobs_stay(stage: Stage) -> None:
    members = await jobs(stage.http, 2)
    group = await active(stage.http, members)

    answer = await stage.http.delete(f"/v1/groups/{group['id']}")

    assert answer.status_code == 204
    refused(await stage.http.get(f"/v1/groups/{group['id']}"), 404, "group_not_found")
    for job in members:
        assert (await making.read(stage.http, job))["state"] == "published"


async def undo(stage: Stage, job: Any, deed: str) -> Any:
    """Make a job something that a group cannot run."""
    if deed == "unpublish":
        return await stage.http.post(f"/v1/jobs/{job['id']}/unpublish")
    if deed == "delete":
        return await stage.http.delete(f"/v1/jobs/{job['id']}")
    if deed == "call":
        return await making.change(stage.http, job, ad_hoc=False)
    return await making.change(stage.http, job, schedule={"type": "daily", "at": ["02:30"]})
