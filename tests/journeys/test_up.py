"""`penstock up` as its user meets it: up, killed whole, up again, stopped; and its commands."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.embedded.waiting import is_alive
from tests.faults.processes import PATIENCE_SECONDS, ROOT, UNUSED, until
from tests.ports import free_port


@dataclass
class Home:
    """A data directory and the port its stack listens on."""

    data_dir: Path
    port: int
    log: Path
    environment: Mapping[str, str]

    async def up(self) -> asyncio.subprocess.Process:
        """Start the stack and wait until it is ready."""
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "app", "up", "--data-dir", str(self.data_dir),
                "--port", str(self.port), cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

        async def is_ready() -> bool:
            assert process.returncode is None, self.log.read_text()
            return await self.is_ready()

        await until(is_ready)
        return process

    async def is_ready(self) -> bool:
        async with httpx.AsyncClient(trust_env=False, verify=UNUSED) as http:
            try:
                return (await http.get(f"{self.url}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

    async def key(self) -> str:
        """What `penstock keys create` prints."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", "keys", "create", "--data-dir", str(self.data_dir),
            "--account", "acme", "--user", "marketo", "--scope", "read", "--scope", "ingest",
            "--scope", "manage", cwd=ROOT, env=self.environment, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        shown, _ = await process.communicate()
        assert process.returncode == 0
        return shown.decode().strip()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, key: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            verify=UNUSED,
        )


def family(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def kill(pid: int) -> None:
    """One that those before it may have taken along."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def command_of(pid: int) -> str:
    """Of a process that may have ended meanwhile, as PostgreSQL's do, nothing."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return ""


async def gone(pids: list[int]) -> None:
    async def are_gone() -> bool:
        return not any(is_alive(pid) for pid in pids)

    await until(are_gone)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PENSTOCK_")}
    home = Home(tmp_path / "data", free_port(), tmp_path / "up.log", environment)
    yield home
    left = [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(p.info["cmdline"])]
    for process in left:
        kill(process.pid)


async def test_a_second_up_continues_where_the_first_was_killed_with_everything(home: Home) -> None:
    first = await home.up()
    key = await home.key()
    async with home.client(key) as http:
        await http.post("/v1/campaigns", json={"code": "c", "name": "c"})
        taken = await http.post(
            "/v1/responses", json={"campaign": "c", "person": {"email": "ada@example.com"}}
        )
    everything = family(first.pid)
    for pid in everything:
        kill(pid)
    await first.wait()
    await gone(everything)

    second = await home.up()
    async with home.client(key) as http:
        again = await http.get(taken.headers["Location"])
    everything = family(second.pid)
    second.send_signal(signal.SIGTERM)
    await asyncio.wait_for(second.wait(), PATIENCE_SECONDS)
    await gone(everything)

    assert taken.status_code == 201
    assert again.json()["status"] == "Resolved - No Action Required"
    assert second.returncode == 0


async def test_a_killed_worker_and_api_are_restarted(home: Home) -> None:
    stack = await home.up()
    by_command = {pid: command_of(pid) for pid in family(stack.pid)}
    killed = [
        pid
        for pid, command in by_command.items()
        if "workers.main" in command or command.endswith("app serve")
    ]
    for pid in killed:
        kill(pid)
    await gone(killed)

    await until(home.is_ready)
    everything = family(stack.pid)
    stack.send_signal(signal.SIGINT)
    await asyncio.wait_for(stack.wait(), PATIENCE_SECONDS)
    await gone(everything)

    assert len(killed) == 3


async def test_a_key_can_be_made_while_nothing_is_up(home: Home) -> None:
    key = await home.key()
    stack = await home.up()
    async with home.client(key) as http:
        account = await http.get("/v1/account")
    stack.send_signal(signal.SIGTERM)
    await asyncio.wait_for(stack.wait(), PATIENCE_SECONDS)

    assert account.json()["name"] == "acme"
