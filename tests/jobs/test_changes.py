"""Who changed a definition is written down with the change: who, when, what kind, which fields."""

from uuid import uuid4

from app.core.driver import driver_of
from app.core.resources import Resources
from app.responses.retention import forget
from tests.code_runs.making import SAYS_HELLO, a_job, uploaded, variables
from tests.conftest import Tenant
from tests.fires.making import every, next_hour, scheduled
from tests.groups import making as groups
from tests.jobs.making import Json, change, done, now_of

_OLD = "UPDATE changes SET at = at - interval '401 days' WHERE deed = 'created'"


async def changes_of(tenant: Tenant, **filters: str) -> list[Json]:
    """The account's changes, oldest first."""
    answer = await tenant.http.get("/v1/changes", params={"limit": 1000, **filters})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items[::-1]


async def deeds_of(tenant: Tenant, **filters: str) -> list[tuple[str, list[str], str]]:
    return [(one["deed"], one["fields"], one["by"]) for one in await changes_of(tenant, **filters)]


async def test_every_change_of_a_job_says_who_and_which_fields(
    tenant: Tenant, resources: Resources
) -> None:
    http, first = tenant.http, await next_hour(resources, tenant)
    job = await scheduled(http, every("PT1H", first))
    await done(http, job, "publish")
    await change(http, job, description="another", timeout="PT9M")
    path = f"/v1/jobs/{job['id']}"
    await http.post(f"{path}/skip", json={"count": 2, "reason": "moving"})
    for _ in range(2):
        await http.delete(f"{path}/skip")
    await done(http, job, "unpublish")
    assert (await http.delete(path)).status_code == 204
    found = await deeds_of(tenant, kind="job", owner=job["id"])

    assert found == [
        ("created", [], "marketo"),
        ("published", [], "marketo"),
        ("changed", ["description", "timeout"], "marketo"),
        ("skip_ordered", [], "marketo"),
        ("skip_undone", [], "marketo"),
        ("unpublished", [], "marketo"),
        ("deleted", [], "marketo"),
    ]
    assert await deeds_of(tenant, owner=str(uuid4())) == []


async def test_what_is_refused_leaves_no_line(tenant: Tenant, resources: Resources) -> None:
    job = await scheduled(tenant.http, every("PT1H", await next_hour(resources, tenant)))
    path = f"/v1/jobs/{job['id']}"
    refused = await tenant.http.patch(path, json={"timeout": "P9D"})

    assert refused.status_code == 422
    assert [deed for deed, _, _ in await deeds_of(tenant)] == ["created", "published"]


async def test_groups_and_batches_say_it_too(tenant: Tenant) -> None:
    http = tenant.http
    group = await groups.active(http, await groups.jobs(http, 2))
    await groups.change(http, group, description="another")
    await groups.done(http, group, "deactivate")
    await http.patch("/v1/batches/lead", json={"interval": "PT1H"})
    await http.post("/v1/batches/lead/skip", json={"count": 1, "reason": "moving"})

    of_group = await deeds_of(tenant, kind="group")
    of_batch = await deeds_of(tenant, kind="batch")
    assert [(deed, fields) for deed, fields, _ in of_group] == [
        ("created", []),
        ("activated", []),
        ("changed", ["description"]),
        ("deactivated", []),
    ]
    assert [(deed, fields) for deed, fields, _ in of_batch] == [
        ("changed", ["interval"]),
        ("skip_ordered", []),
    ]


async def test_they_are_kept_for_400_days(tenant: Tenant, resources: Resources) -> None:
    await scheduled(tenant.http, every("PT1H", await next_hour(resources, tenant)))
    now = await now_of(resources, tenant)
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await driver_of(session)).execute(_OLD)
        await forget(session, tenant.account_id, now=now)

    assert [deed for deed, _, _ in await deeds_of(tenant)] == ["published"]


async def test_a_campaign_says_it_too(tenant: Tenant) -> None:
    told = {"code": "spring", "name": "Spring"}
    campaign = (await tenant.http.post("/v1/campaigns", json=told)).json()
    await tenant.http.patch(f"/v1/campaigns/{campaign['id']}", json={"score": 7})

    found = await deeds_of(tenant, kind="campaign", owner=campaign["id"])
    assert [(deed, fields) for deed, fields, _ in found] == [
        ("created", []),
        ("changed", ["score"]),
    ]


async def test_code_and_variables_are_changes_whose_values_are_not_kept(tenant: Tenant) -> None:
    job = await a_job(tenant.http)
    await uploaded(tenant.http, job, SAYS_HELLO)
    await uploaded(tenant.http, job, SAYS_HELLO)
    await variables(tenant.http, job, secrets={"token": "a value of mine"})
    for _ in range(2):
        await tenant.http.post(f"/v1/jobs/{job['id']}/versions/1/activate")

    found = await changes_of(tenant, owner=job["id"])
    assert [one["deed"] for one in found] == [
        *("created", "code_uploaded", "code_uploaded", "variables_replaced", "version_activated")
    ]
    assert "mine" not in str(found)
