"""Groups of an account that has one of everything."""

from app.core.resources import Resources
from app.models.states import RunState
from tests.fires.making import HOUR, every, next_hour
from tests.groups.making import Stage
from tests.walls.owner import Json, Owner


async def put_into_groups(
    owner: Owner, resources: Resources, campaign: Json, told: Json, others: list[str]
) -> None:
    """One that has skipped a moment, failed by its first job, and waits; one of these others."""
    members = []
    for _ in range(2):
        config = {"object": "people", "columns": [f"attributes.{owner.text()}"]}
        job = await owner.post(
            "jobs", {"name": owner.text(), "kind": "export", "config": config, **told}
        )
        await owner.post(f"jobs/{job['id']}/publish")
        members.append({"job": job["id"]})
    first = await next_hour(resources, owner.tenant)
    group = await owner.post(
        "groups",
        {
            "name": owner.text(),
            "description": owner.text(),
            "jobs": members,
            "launch_campaigns": [campaign["id"]],
            "recipients": [owner.email()],
            "schedule": every("PT1H", first),
            "expires_at": (first + 9_000 * HOUR).isoformat(),
        },
    )
    await owner.post(f"groups/{group['id']}/activate")
    await owner.post(f"groups/{group['id']}/skip", {"count": 1, "reason": owner.text()})
    stage = Stage(owner.tenant, resources)
    await stage.plan_at(first, group)
    run = await owner.post(f"groups/{group['id']}/runs", {"reason": owner.text()})
    await stage.go(run, RunState.FAILED)
    waiting = await owner.post(f"groups/{group['id']}/force", {"reason": owner.text()})
    # Or it would go on as soon as anybody looks after whatever there is.
    later = "UPDATE pending_groups SET due_at = '9999-01-01Z' WHERE group_run_id = $1"
    await stage.write(later, waiting["id"])
    await owner.post(f"campaigns/{campaign['id']}/launch", {"reason": owner.text()})
    rest = {"name": owner.text(), "jobs": others, "never_expires": True}
    await owner.post("groups", rest)
