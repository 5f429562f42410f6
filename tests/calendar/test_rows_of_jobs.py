"""Imports and exports as jobs: what their runs are booked with, and the guard of their volume."""

import asyncio
import time

import asyncpg

from tests.calendar.conftest import MakeCustomer
from tests.calendar.installation import MINUTE, ROOMY, Customer, Installation, Json
from tests.outbound.servers import Authority, Deed, Server, saying, serving


def rows(count: int) -> bytes:
    """A file of so many people, the same ones every time."""
    return "\n".join(["email", *(f"p{number}@example.com" for number in range(count)), ""]).encode()


async def test_an_import_with_unusually_many_or_few_rows_has_warnings(
    installation: Installation, make_customer: MakeCustomer, authority: Authority
) -> None:
    customer = await make_customer(**ROOMY)
    counts = [10] * 5 + [2, 50, 1, 51, 0]
    trust = authority.server_for("localhost")
    async with serving(_one_after_the_other(counts), trust) as server:
        job = await _an_import(customer, server)
        runs = [await customer.ended(await customer.start(job)) for _ in counts]

    assert [run["total"] for run in runs] == counts
    unusual = {run["total"]: run["details"].get("usual_rows") for run in runs if _has_warned(run)}
    assert unusual == {1: 10, 51: 10, 0: 10}
    assert await _told_of(installation, customer) == [runs[7]["id"], runs[8]["id"], runs[9]["id"]]


async def test_an_export_is_held_against_those_before_it(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(**ROOMY)
    job = await customer.published()
    empty = [await customer.ended(await customer.start(job)) for _ in range(2)]
    await _people(customer, 0, 10)
    ten = [await customer.ended(await customer.start(job)) for _ in range(4)]
    await _people(customer, 10, 50)
    fifty = await customer.ended(await customer.start(job))
    await _people(customer, 50, 51)
    more = await customer.ended(await customer.start(job))

    runs = [*empty, *ten, fifty, more]
    assert [run["total"] for run in runs] == [0, 0, 10, 10, 10, 10, 50, 51]
    assert [_has_warned(run) for run in runs] == [False] * 7 + [True]
    assert await _told_of(installation, customer) == [more["id"]]


async def test_time_that_passes_while_they_are_at_work_is_booked(
    installation: Installation, make_customer: MakeCustomer, authority: Authority
) -> None:
    customer = await make_customer(**ROOMY)
    await installation.at_noon()
    began = time.monotonic()
    may_answer = asyncio.Event()

    async def answer_later(writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        await saying("200 OK", rows(3))(writer)

    export = await customer.published("export")
    async with serving(answer_later, authority.server_for("localhost")) as server:
        job = await _an_import(customer, server)
        run = await customer.start(job)
        await customer.begun(run)
        await installation.advance(by=40 * MINUTE)
        may_answer.set()
        run = await customer.ended(run)
    in_the_way = await asyncpg.connect(installation.ground.database_url)
    async with in_the_way.transaction():
        await in_the_way.execute("LOCK TABLE people IN ACCESS EXCLUSIVE MODE")
        other = await customer.start(export)
        await customer.begun(other)
        await installation.advance(by=20 * MINUTE)
    await in_the_way.close()
    other = await customer.ended(other)
    passed = (time.monotonic() - began) / 60
    found = await customer.ask("GET", "/account/limits")

    assert [run["state"], other["state"]] == ["succeeded"] * 2
    by_job = {one["name"]: one["minutes"] for one in found["invocations"]}
    assert 40 <= by_job["import"] <= 40.01 + passed
    assert 20 <= by_job["export"] <= 20.01 + passed
    assert abs(found["minutes"]["used"] - sum(by_job.values())) < 0.02


async def _an_import(customer: Customer, server: Server) -> Json:
    source = {"url": server.at("localhost")}
    config = {"object": "people", "source": source}
    return await customer.published("import", kind="import", config=config)


def _one_after_the_other(counts: list[int]) -> Deed:
    """Answers the first request with so many rows, and so on."""
    waiting = iter(counts)

    async def deed(writer: asyncio.StreamWriter) -> None:
        await saying("200 OK", rows(next(waiting)))(writer)

    return deed


async def _people(customer: Customer, first: int, behind: int) -> None:
    for number in range(first, behind):
        told = {"email": f"p{number}@example.com"}
        await customer.http.post("/v1/people", json=told)


def _has_warned(run: Json) -> bool:
    assert run["state"] in ("succeeded", "succeeded_with_warnings"), run
    return bool(run["state"] == "succeeded_with_warnings")


async def _told_of(installation: Installation, customer: Customer) -> list[str]:
    """The runs whose volume was told of, in their order."""
    found = await installation.ground.fetch(
        "SELECT data ->> 'run_id' AS run_id FROM events"
        f" WHERE account_id = '{customer.id}' AND type = 'run.volume_unusual' ORDER BY id"
    )
    return [row["run_id"] for row in found]
