"""The story of the demo, step by step, told on the terminal.

campaigns, rules, windows ─▶ 10,000 singles + 10,000 in batches ─▶ kill -9 of a worker
    ─▶ everything resolved ─▶ every acknowledged id looked up again ─▶ the funnel
"""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.demo import sample
from app.demo.sending import Acknowledged, Connect, connecting, send_in_batches, send_singly
from app.embedded.environment import for_python, python_module
from app.embedded.options import Stack
from app.embedded.state import find_state

SINGLES = 10_000
BATCHED = 10_000
WINDOW_SECONDS = 5
_SCOPES = ("read", "ingest", "operate", "manage", "admin")


async def show(stack: Stack) -> None:
    """Tell the whole story against a stack that is up; leaves the data and a key behind."""
    console = Console(file=sys.stdout, highlight=False)
    began = time.monotonic()
    key = await _key(stack)
    connect = connecting(stack.url, key)
    async with connect() as http:
        await _prepare(http)
        console.print("Four campaigns, five scoring rules; marketo's single requests are held.")
        acknowledged = await _send(stack, connect, console)
        await _wait(http, console)
        await _account(http, console, acknowledged)
    seconds = time.monotonic() - began
    console.print(f"\nDone in {seconds:.0f} s. It stays up; Ctrl-C ends it.")
    console.print(f"  API   {stack.url}/docs\n  key   {key}", soft_wrap=True)
    console.print(
        f"  try   curl -H 'Authorization: Bearer {key}' {stack.url}/v1/runs", soft_wrap=True
    )


async def _key(stack: Stack) -> str:
    scopes = [word for scope in _SCOPES for word in ("--scope", scope)]
    command = python_module(
        "app", "keys", "create", "--account", "demo", "--user", "marketo", *scopes
    )
    made = await asyncio.create_subprocess_exec(
        *command, env=for_python(stack.environment), stdout=asyncio.subprocess.PIPE
    )
    shown, _ = await made.communicate()
    return shown.decode().strip()


async def _prepare(http: httpx.AsyncClient) -> None:
    for code, (name, score) in sample.CAMPAIGNS.items():
        made = await http.post("/v1/campaigns", json={"code": code, "name": name, "score": score})
        if made.status_code != 409:  # there from the last time
            made.raise_for_status()
    rules = await http.post("/v1/scoring/rulesets", json=sample.RULESET)
    rules.raise_for_status()
    active = await http.post(f"/v1/scoring/rulesets/{rules.json()['id']}/activate")
    active.raise_for_status()
    wanted = sample.settings(held_user="marketo", delay_seconds=WINDOW_SECONDS)
    (await http.put("/v1/scoring/settings", json=wanted)).raise_for_status()


async def _send(stack: Stack, connect: Connect, console: Console) -> Acknowledged:
    tag = f"demo{int(time.time())}"
    items = list(sample.responses(SINGLES + BATCHED, tag=tag))
    with Progress(
        TextColumn("{task.description:<34}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        singles = progress.add_task("single requests, 64 connections", total=SINGLES)
        batches = progress.add_task("batches of 500", total=BATCHED)
        sent = await send_singly(connect, items[:SINGLES], lambda n: progress.advance(singles, n))
        killer = asyncio.create_task(_kill_a_worker(stack, console))
        async with connect() as http:
            sent |= await send_in_batches(
                http, items[SINGLES:], lambda n: progress.advance(batches, n)
            )
        await killer
    return sent


async def _kill_a_worker(stack: Stack, console: Console) -> None:
    await asyncio.sleep(0.5)
    found = find_state(stack.data_dir.state)
    pid = found.pids.get("worker-1") if found else None
    if pid is None:
        return
    os.kill(pid, signal.SIGKILL)
    console.print(f"kill -9 {pid}: worker-1, in the middle of its work")


async def _wait(http: httpx.AsyncClient, console: Console) -> None:
    with console.status("scoring and resolving") as status:
        while True:
            stats = await _stats(http)
            scoring = sum(found["pending"]["scoring"] for found in stats)
            resolution = sum(found["pending"]["resolution"] for found in stats)
            status.update(f"waiting to be scored {scoring:,} · to be resolved {resolution:,}")
            if not scoring and not resolution:
                return
            await asyncio.sleep(0.25)


async def _stats(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    listed = (await http.get("/v1/campaigns", params={"limit": 1000})).json()["items"]
    answers = [await http.get(f"/v1/campaigns/{found['id']}/stats") for found in listed]
    return [answer.json() for answer in answers]


async def _account(http: httpx.AsyncClient, console: Console, acknowledged: Acknowledged) -> None:
    """Look every acknowledged response up again, and say where each ended."""
    wanted = set(acknowledged.values())
    ended: Counter[str] = Counter()
    seen: set[str] = set()
    async for item in _pages(http, "/v1/responses"):
        if item["id"] in wanted and item["id"] not in seen:
            seen.add(item["id"])
            ended[item["status"]] += 1
    table = Table(title="\nWhere every acknowledged response ended", title_justify="left")
    table.add_column("status")
    table.add_column("responses", justify="right")
    for status, n in ended.most_common():
        table.add_row(status, f"{n:,}")
    console.print(table)
    pending = sum(n for status, n in ended.items() if status.startswith("Pending"))
    console.print(
        f"acknowledged {len(wanted):,} · found again {len(seen):,} · lost {len(wanted - seen):,}"
        f" · still pending {pending:,}"
    )
    runs = [run async for run in _pages(http, "/v1/runs")]
    chunks = sum(run["details"].get("scoring", {}).get("chunks", 0) for run in runs)
    console.print(f"{len(runs)} scoring runs, {chunks} scoring transactions")


async def _pages(http: httpx.AsyncClient, path: str) -> Any:
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 1000} | ({"cursor": cursor} if cursor else {})
        page = (await http.get(path, params=params)).raise_for_status().json()
        for item in page["items"]:
            yield item
        cursor = page["next_cursor"]
        if cursor is None:
            return
