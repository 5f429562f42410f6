"""Following a run: every line once, in order, however often the stream breaks off."""

import asyncio
import json
import signal
from typing import Any, NamedTuple

import httpx

from tests.code_runs.making import Site, published, start, variables
from tests.code_runs.service import Service
from tests.faults.processes import PATIENCE_SECONDS
from tests.jobs.making import refused


class Event(NamedTuple):
    """One event, as a browser would hand it on."""

    id: str
    name: str
    data: dict[str, Any]


def events_in(text: str) -> list[Event]:
    """The events of a whole stream."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    found = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [Event(one["id"], one["event"], json.loads(one["data"])) for one in found]


async def some_of(http: httpx.AsyncClient, path: str, last: str | None, most: int) -> list[Event]:
    """At most so many events from a place on; then the connection is broken."""
    headers = {"Last-Event-ID": last} if last else {}
    found: list[Event] = []
    async with http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        block = ""
        async for line in answer.aiter_lines():
            if line:
                block += f"{line}\n"
                continue
            found += events_in(block.rstrip("\n"))
            block = ""
            if len(found) >= most:
                break
    return found


async def test_broken_streams_together_miss_nothing_and_repeat_nothing(service: Service) -> None:
    source = """
        import time
        def main():
            for n in range(60):
                print(n, flush=True)
                time.sleep(0.03)
            return {"total": 60, "succeeded": 60}
    """
    job = await published(service.http, source)
    await service.worker()
    run_id = await start(service.http, job)
    path, last = f"/v1/runs/{run_id}/events", None
    events: list[Event] = []
    while not events or events[-1].name != "run" or events[-1].data["state"] != "succeeded":
        events += await some_of(service.http, path, last, 7)
        last = events[-1].id

    lines = [one.data["number"] for one in events if one.name == "log"]
    states = [one.data["state"] for one in events if one.name == "run"]
    assert lines == list(range(1, 61))
    assert states == sorted(states, key=["queued", "running", "succeeded"].index)
    assert states[-1] == "succeeded"
    assert len({one.id for one in events}) == len(events)
    assert await some_of(service.http, path, last, 1) == []


async def test_streams_end_when_the_api_is_to_stop(service: Service) -> None:
    job = await published(service.http)
    run_id = await start(service.http, job)  # nobody works on it
    stopping = service.stand.processes.running[0]

    async with service.http.stream("GET", f"/v1/runs/{run_id}/events") as answer:
        lines = answer.aiter_lines()
        first = await anext(lines)
        stopping.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            rest = [line async for line in lines]

    assert first.startswith("id: 0-")
    assert [line for line in rest if line.startswith("event")] == ["event: run"]
    assert await asyncio.wait_for(stopping.wait(), PATIENCE_SECONDS) in (0, -signal.SIGTERM)


async def test_an_ended_run_is_told_whole_and_is_over(site: Site) -> None:
    job = await published(site.http, "from helper import LS\ndef main(): print(LS.settings.key)")
    await variables(site.http, job, secrets={"key": "s3cr3t-of-mine"})
    run = await site.run(job)
    answer = await site.http.get(f"/v1/runs/{run['id']}/events")
    line, end = events_in(answer.text)

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert (line.name, line.data["text"]) == ("log", "***")
    assert (end.name, end.data) == ("run", run)
    again = await site.http.get(f"/v1/runs/{run['id']}/events", headers={"Last-Event-ID": line.id})
    assert events_in(again.text) == [end]


async def test_an_id_of_something_else_is_refused(site: Site) -> None:
    run = await site.run(await published(site.http))
    answer = await site.http.get(
        f"/v1/runs/{run['id']}/events", headers={"Last-Event-ID": "9-; drop"}
    )

    refused(answer, 422, "bad_event_id")
