"""Many who want the same of a group at once: it happens once, and everybody gets an answer."""

import asyncio
from collections import Counter

import pytest

from app.models.states import RunState
from tests.groups.making import Stage, active, jobs, make, read, started
from tests.jobs.making import Json

MANY = 5
WELL = RunState.SUCCEEDED


async def asked(stage: Stage, method: str, path: str, body: Json | None = None) -> Counter[int]:
    """The statuses of the same request, sent many times at once."""
    calls = (stage.http.request(method, f"/v1{path}", json=body) for _ in range(MANY))
    return Counter(answer.status_code for answer in await asyncio.gather(*calls))


@pytest.mark.parametrize(("deed", "state"), [("activate", "active"), ("deactivate", "inactive")])
async def test_activated_and_deactivated_at_once(stage: Stage, deed: str, state: str) -> None:
    of_two = await jobs(stage.http, 2)
    group = await (make if deed == "activate" else active)(stage.http, of_two)

    assert await asked(stage, "POST", f"/groups/{group['id']}/{deed}") == {200: MANY}
    assert (await read(stage.http, group))["state"] == state


@pytest.mark.parametrize("deed", ["runs", "force"])
async def test_run_at_once_it_runs_once(stage: Stage, deed: str) -> None:
    group = await active(stage.http, await jobs(stage.http, 2))
    body = {"reason": "now"} if deed == "force" else None

    statuses = await asked(stage, "POST", f"/groups/{group['id']}/{deed}", body)

    assert statuses == {202: 1, 409: MANY - 1}
    (run,) = (await stage.http.get("/v1/runs", params={"group": group["id"]})).json()["items"]
    assert (await stage.go(run, WELL, WELL))["state"] == "succeeded"
    assert len(await stage.told("group.finished")) == 1


async def test_stopped_at_once_it_is_told_once(stage: Stage) -> None:
    group = await active(stage.http, await jobs(stage.http, 2), recipients=["ops@example.com"])
    run = await started(stage.http, group)
    await stage.turn()

    statuses = await asked(stage, "POST", f"/runs/{run['id']}/cancel")
    await stage.turn()

    assert statuses.keys() <= {200, 202, 409}
    assert (await stage.read(run))["state"] == "cancelled"
    assert len(await stage.told("group.finished")) == 1


async def test_deleted_at_once(stage: Stage) -> None:
    group = await make(stage.http, await jobs(stage.http, 2))

    statuses = await asked(stage, "DELETE", f"/groups/{group['id']}")

    assert statuses == {204: 1, 404: MANY - 1}
