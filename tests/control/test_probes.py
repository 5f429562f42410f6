"""What machines ask: /healthz, /readyz, /metrics, and the pages that need no internet."""

import asyncio

import httpx
from prometheus_client.parser import text_string_to_metric_families

from app.core.resources import Resources
from workers import maintenance
from workers.work import Work


async def test_healthz_says_that_the_process_answers(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/healthz")).json() == {"status": "ok"}


async def test_readyz_fails_without_a_fresh_sign_of_life_and_holds_with_one(
    anonymous: httpx.AsyncClient, resources: Resources
) -> None:
    work = Work(resources)
    await maintenance.beat(work)
    with_worker = await anonymous.get("/readyz")
    while with_worker.json()["checks"]["redis"]["state"] != "up":
        # It is asked for a second at most, which a busy machine may need for itself.
        await maintenance.beat(work)
        with_worker = await anonymous.get("/readyz")
    await maintenance.leave(work)
    without = await anonymous.get("/readyz")

    assert with_worker.status_code == 200
    states = {name: check["state"] for name, check in with_worker.json()["checks"].items()}
    assert states["database"] == states["redis"] == states["workers"] == "up"
    assert states["migrations"] == "current"
    assert states["files"] == "ok"
    assert {"due_work", "deliveries", "mail"} <= set(states)
    assert without.status_code == 503
    assert without.headers["Retry-After"] == "1"
    assert without.json()["checks"]["workers"]["ready"] is False


async def test_many_who_ask_readyz_at_once_do_not_wait_for_each_other(
    anonymous: httpx.AsyncClient, resources: Resources
) -> None:
    work = Work(resources)
    await maintenance.beat(work)
    answers = await asyncio.gather(*(anonymous.get("/readyz") for _ in range(20)))
    await maintenance.leave(work)

    assert {answer.status_code for answer in answers} == {200}


async def test_metrics_show_every_workers_counters_and_the_age_of_due_work(
    anonymous: httpx.AsyncClient, resources: Resources
) -> None:
    work = Work(resources)
    await maintenance.beat(work)
    page = await anonymous.get("/metrics")
    await maintenance.leave(work)

    families = {f.name: f for f in text_string_to_metric_families(page.text)}
    assert {"penstock_intake_items", "penstock_rings_failed"} <= set(families)
    lost = families["penstock_leases_lost"].samples
    assert [s.labels["worker"] for s in lost if s.name.endswith("_total")] == [work.holder]
    lanes = {s.labels["lane"] for s in families["penstock_due_work_age_seconds"].samples}
    assert lanes == {"scoring", "window", "resolution", "delivery", "mail"}
    for name, kinds in (("pending", {"delivery", "mail"}), ("held_up", {"timetable", "group_run"})):
        assert {s.labels["kind"] for s in families[f"penstock_{name}"].samples} == kinds


async def test_docs_name_nothing_outside_this_server(anonymous: httpx.AsyncClient) -> None:
    page = (await anonymous.get("/docs")).text

    assert "://" not in page
    assert (await anonymous.get("/static-offline-docs/swagger-ui-bundle.js")).status_code == 200
    assert (await anonymous.get("/openapi.json")).status_code == 200


async def test_405_names_every_method_of_the_path(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.delete("/v1/people")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST"


async def test_no_path_is_redirected_to_another(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/v1/people/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_definition_of_more_than_4_mib_is_413_before_it_is_parsed(
    anonymous: httpx.AsyncClient,
) -> None:
    content = b"[" + b"1," * 2**21 + b"1]"

    answer = await anonymous.post(
        "/v1/people", content=content, headers={"Content-Type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
