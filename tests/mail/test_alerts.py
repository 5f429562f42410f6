"""Who is told of the end of a job's runs: the job's own alert, else the account's policy."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.core.resources import Resources
from app.models.states import OwnerKind, RunState, RunTrigger
from app.notifications.alerts.rules import AlertOn, News, Target, is_told, target_of, tidings
from app.runs import queue
from app.runs.watching import speaks_for_itself
from tests.conftest import MakeTenant, Tenant
from tests.fires.making import end, runs_of, told
from tests.jobs.making import Json, change, plan, published, read, refused
from tests.mail.making import worker_with
from tests.mail.reading import letters_of, subjects_of
from workers.mail import settle_mail

OPS = {"emails": ["ops@example.com"]}
OK, BAD = RunState.SUCCEEDED, RunState.FAILED
WARNED, STOPPED = RunState.SUCCEEDED_WITH_WARNINGS, RunState.CANCELLED


@pytest.fixture
async def _roomy(make_tenant: MakeTenant, tenant: Tenant) -> None:
    await plan(make_tenant, tenant, invocations_per_job=1_000, executions_per_day=1_000)


pytestmark = pytest.mark.usefixtures("_roomy")


async def policy(http: httpx.AsyncClient, **fields: Any) -> Json:
    answer = await http.put("/v1/alert-policy", json=fields)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def ran(resources: Resources, tenant: Tenant, job: Json, *states: RunState) -> None:
    """Runs of the job that end so, one after the other."""
    for state in states:
        answer = await tenant.http.post(f"/v1/jobs/{job['id']}/runs")
        assert answer.status_code == 202, answer.text
        await end(resources, tenant, answer.json(), state)


@pytest.mark.parametrize(
    ("on", "states", "subjects"),
    [
        (None, [OK, BAD, BAD, OK, OK], ["failed", "failed", "works again"]),
        (None, [BAD, STOPPED, WARNED], ["failed", "works again"]),
        (None, [OK, STOPPED, OK], []),
        (["failure"], [BAD, OK], ["failed"]),
        (["recovery"], [BAD, OK, OK], ["works again"]),
        (["success"], [OK, BAD, OK, OK], ["succeeded"] * 3),
        (["success", "recovery"], [OK, BAD, OK, OK], ["succeeded", "works again", "succeeded"]),
        (["success", "failure"], [BAD, OK, WARNED], ["failed", "succeeded", "succeeded"]),
    ],
)
@pytest.mark.parametrize("whose", ["job", "account"])
async def test_what_is_told_of_runs(
    tenant: Tenant,
    resources: Resources,
    whose: str,
    on: list[str] | None,
    states: list[RunState],
    subjects: list[str],
) -> None:
    alert: Json = OPS | ({} if on is None else {"on": on})
    if whose == "job":
        job = await published(tenant.http, alert=alert)
    else:
        await policy(tenant.http, **alert)
        job = await published(tenant.http)

    await ran(resources, tenant, job, *states)

    assert await letters_of(resources, tenant) == [
        ("run", f"nightly {subject}") for subject in subjects
    ]


async def test_the_jobs_own_alert_goes_before_the_policy_all_of_it(
    tenant: Tenant, resources: Resources
) -> None:
    await policy(tenant.http, emails=["everybody@example.com"], on=["failure", "success"])
    own = {"emails": ["ada@example.com"], "on": ["recovery"]}
    job = await published(tenant.http, alert=own)

    await ran(resources, tenant, job, OK, BAD, OK)

    assert await subjects_of(resources, tenant) == ["nightly works again"]


async def test_nobody_replaces_a_policy_that_was_replaced_meanwhile(tenant: Tenant) -> None:
    path, http = "/v1/alert-policy", tenant.http
    seen = {"If-Match": (await http.get(path)).headers["ETag"]}

    answers = await asyncio.gather(
        *(
            http.put(path, json={"emails": [f"{name}@example.com"]}, headers=seen)
            for name in ("ada", "bob", "cyd")
        )
    )
    found = await http.get(path)

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    (put,) = [answer for answer in answers if answer.status_code == 200]
    assert found.json() == put.json()
    assert found.headers["ETag"] == put.headers["ETag"] != seen["If-Match"]
    assert (await http.put(path, json={}, headers=seen)).status_code == 412
    assert (await http.put(path, json={})).status_code == 200


async def test_whatever_has_no_target_says_so(tenant: Tenant) -> None:
    http = tenant.http
    job = await published(http)
    alone = [job["warnings"], (await read(http, job))["warnings"]]
    listed = (await http.get("/v1/jobs")).json()["items"][0]["warnings"]
    own = (await change(http, job, alert=OPS)).json()["warnings"]
    await change(http, job, alert=None)
    await policy(http, **OPS)

    assert (alone, listed, own) == ([["no_alert_target"]] * 2, ["no_alert_target"], [])
    assert (await read(http, job))["warnings"] == []


async def test_without_a_target_nothing_is_posted(tenant: Tenant, resources: Resources) -> None:
    await ran(resources, tenant, await published(tenant.http), OK, BAD, OK)

    assert await letters_of(resources, tenant) == []


async def test_a_recovery_is_an_event_too_and_says_since_when(
    tenant: Tenant, resources: Resources
) -> None:
    job = await published(tenant.http)
    await ran(resources, tenant, job, OK, BAD, BAD, OK, OK)
    runs = await runs_of(tenant.http, job)

    (event,) = await told(resources, tenant, "job.recovered")

    assert event == {
        "owner_kind": "job",
        "owner_id": job["id"],
        "run_id": runs[3]["id"],
        "recovered_from": "failure",
        "since": event["since"],
    }
    assert event["since"].rstrip("0") == runs[1]["finished_at"].replace("Z", "+00:00").rstrip("0")


async def test_successes_at_the_same_time_recover_once(
    tenant: Tenant, resources: Resources
) -> None:
    job = await published(tenant.http, alert=OPS)
    await ran(resources, tenant, job, BAD)
    runs = [(await tenant.http.post(f"/v1/jobs/{job['id']}/runs")).json() for _ in range(4)]

    await asyncio.gather(*(end(resources, tenant, run) for run in runs))

    assert await subjects_of(resources, tenant) == ["nightly failed", "nightly works again"]
    assert len(await told(resources, tenant, "job.recovered")) == 1


async def test_a_run_whose_end_is_rolled_back_tells_nobody(
    tenant: Tenant, resources: Resources
) -> None:
    job = await published(tenant.http, alert=OPS)
    run = (await tenant.http.post(f"/v1/jobs/{job['id']}/runs")).json()

    with pytest.raises(RuntimeError):
        await _end_and_fail(resources, tenant, run)

    assert await letters_of(resources, tenant) == []


async def _end_and_fail(resources: Resources, tenant: Tenant, run: Json) -> None:
    async with resources.unit_of_work(tenant.account_id) as session:
        place = (session, tenant.account_id, UUID(run["id"]))
        assert await queue.end_run(*place, BAD, error=("raised", "boom"))
        raise RuntimeError


async def test_the_letter_says_what_one_wants_to_know(tenant: Tenant, resources: Resources) -> None:
    job = await published(tenant.http, alert=OPS)
    run = (await tenant.http.post(f"/v1/jobs/{job['id']}/runs")).json()
    async with resources.unit_of_work(tenant.account_id) as session:
        place = (session, tenant.account_id, UUID(run["id"]))
        await queue.end_run(*place, BAD, error=("raised", "ValueError: boom"))

    async with worker_with(resources, resources.settings.smtp) as work:
        await settle_mail(work)
    (mail,) = (await tenant.http.get("/v1/mailbox")).json()["items"]

    assert (mail["to"], mail["cause"], mail["cause_id"]) == ("ops@example.com", "run", run["id"])
    assert mail["subject"] == "[Penstock] nightly failed"
    for said in (run["id"], "Error: raised", "Detail: ValueError: boom"):
        assert said in mail["text"]


async def test_a_policy_is_replaced_whole(tenant: Tenant) -> None:
    http = tenant.http
    new = (await http.get("/v1/alert-policy")).json()
    first = await policy(http, emails=["ada@example.com"], on=["success"])
    second = await policy(http, emails=["grace@example.com"])

    assert new == {"emails": [], "on": ["failure", "recovery"], "updated_at": None,
                   "updated_by": None}  # fmt: skip
    assert (first["emails"], first["on"]) == (["ada@example.com"], ["success"])
    assert (second["emails"], second["on"]) == (["grace@example.com"], ["failure", "recovery"])
    assert second["updated_by"] == "marketo"
    assert (await http.get("/v1/alert-policy")).json() == second


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"emails": ["nobody"]}, "/emails/0"),
        ({"emails": ["a@example.com", "a@example.com"]}, "/emails/1"),
        ({"emails": ["a@example.com\nBcc: b@example.com"]}, "/emails/0"),
        ({"on": []}, "/on"),
        ({"on": ["start"]}, "/on/0"),
        ({"to": []}, "/to"),
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused(
    tenant: Tenant, body: Json, place: str
) -> None:
    answer = await tenant.http.put("/v1/alert-policy", json=body)

    assert [where for where, _ in refused(answer, 422, "validation_failed")] == [place]


@pytest.mark.parametrize("news", list(News))
@pytest.mark.parametrize("kind", [OwnerKind.JOB, OwnerKind.BATCH])
@pytest.mark.parametrize("on", [[], [AlertOn.SUCCESS], [AlertOn.FAILURE], [AlertOn.RECOVERY]])
def test_who_is_told(news: News, kind: OwnerKind, on: list[AlertOn]) -> None:
    wanted = {
        News.FAILED: AlertOn.FAILURE,
        News.OVERDUE: AlertOn.FAILURE,
        News.SUCCEEDED: AlertOn.SUCCESS,
        News.RECOVERED: AlertOn.RECOVERY,
    }
    found = is_told(news, Target(["ops@example.com"], on), kind)

    if news not in wanted:
        assert found, "warnings go to whoever is told of anything"
    elif kind is OwnerKind.BATCH and news is News.SUCCEEDED:
        assert not found, "of batches failures and recoveries only"
    else:
        assert found is (wanted[news] in on)
    assert not is_told(news, Target([], list(AlertOn)), kind)


def test_an_unusual_success_is_told_in_place_of_a_plain_one() -> None:
    def of(*, amiss: bool, on: list[AlertOn]) -> list[News]:
        return tidings(
            has_succeeded=True, has_failed=False, was_amiss=amiss, is_unusual=True, on=on
        )

    assert of(amiss=False, on=list(AlertOn)) == [News.VOLUME]
    assert of(amiss=True, on=list(AlertOn)) == [News.RECOVERED, News.VOLUME]
    assert of(amiss=True, on=[AlertOn.SUCCESS]) == [News.VOLUME]


def test_of_a_groups_runs_the_group_tells() -> None:
    quiet = {trigger for trigger in RunTrigger if not speaks_for_itself(trigger)}

    assert quiet == {RunTrigger.GROUP}


def test_an_own_alert_is_never_mixed_with_the_policy() -> None:
    account = Target(["everybody@example.com"], [AlertOn.SUCCESS])
    own = {"emails": ["ada@example.com"], "on": ["failure"]}

    assert target_of(None, account) == account
    assert target_of(own, account) == Target(["ada@example.com"], ["failure"])
