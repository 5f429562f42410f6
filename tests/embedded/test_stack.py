import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from app.embedded import Postgres, StackOptions, borrowed_database, load_environment, run_stack
from app.embedded.borrow import embedded_postgres
from app.embedded.datadir import DataDir
from app.embedded.errors import AlreadyRunning, PortTaken
from app.embedded.lock import held
from app.embedded.ports import free_port
from app.embedded.state import StackState, end_leftovers, find_state
from tests.embedded.waiting import descendants, is_alive

HOLDER = """
import asyncio, sys
from pathlib import Path
from app.embedded.lock import held

async def main():
    async with held(Path(sys.argv[1]), sys.argv[2]):
        print("held", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def data_dir(directory: Path) -> AsyncIterator[DataDir]:
    found = DataDir.open_at(directory / ".penstock")
    yield found
    await embedded_postgres(found).destroy()


def holding(data_dir: DataDir, purpose: str) -> subprocess.Popen[str]:
    """Another process that holds the data directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data_dir.lock), purpose],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def sleeping() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


async def test_a_second_stack_on_the_same_directory_is_refused_with_the_pid_of_the_first(
    data_dir: DataDir,
) -> None:
    with holding(data_dir, "stack") as first:
        with pytest.raises(AlreadyRunning, match=f"pid {first.pid}"):
            await run_stack(StackOptions(data_dir=data_dir.root, port=free_port()))
        first.kill()

    # A killed holder holds nothing.
    async with held(data_dir.lock, "stack"):
        pass


async def test_a_stack_waits_for_a_command_that_only_borrows_the_directory(
    data_dir: DataDir,
) -> None:
    async def take() -> None:
        async with held(data_dir.lock, "stack"):
            pass

    with holding(data_dir, "command") as borrower:
        taking = asyncio.create_task(take())
        done, _ = await asyncio.wait([taking], timeout=0.3)
        assert not done
        borrower.kill()
        await asyncio.wait_for(taking, 240)


async def test_a_taken_port_is_told_before_anything_starts(data_dir: DataDir) -> None:
    before = descendants()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"127.0.0.1:{port} .*in use"):
            await run_stack(StackOptions(data_dir=data_dir.root, port=port))

    assert descendants() <= before
    assert not data_dir.postgres.exists()


async def test_secrets_are_made_once_and_for_their_owner_only(data_dir: DataDir) -> None:
    first = data_dir.secrets()

    assert DataDir.open_at(data_dir.root).secrets() == first
    assert len({first.postgres, first.valkey, first.secret_key}) == 3
    assert (data_dir.root / "secrets.json").stat().st_mode & 0o777 == 0o600


async def test_the_environment_of_a_command_keeps_what_was_given(data_dir: DataDir) -> None:
    found = load_environment(data_dir.root, given={"PENSTOCK_SANDBOX": "false"})

    assert found["PENSTOCK_SECRET_KEY"] == data_dir.secrets().secret_key
    assert found["PENSTOCK_FILES__URL"] == f"file:{data_dir.files}"
    assert "PENSTOCK_SANDBOX" not in found


async def test_a_database_is_borrowed_without_a_stack_and_nothing_is_left(
    data_dir: DataDir,
) -> None:
    before = descendants()
    for count in (0, 1):
        async with borrowed_database(data_dir.root, given={}) as url:
            connection = await asyncpg.connect(url)
            await connection.execute("CREATE TABLE IF NOT EXISTS notes (note text)")
            assert await connection.fetchval("SELECT count(*) FROM notes") == count
            await connection.execute("INSERT INTO notes VALUES ('kept')")
            await connection.close()

    assert descendants() <= before


async def test_the_database_of_a_running_stack_is_lent(data_dir: DataDir) -> None:
    with holding(data_dir, "stack") as stack:
        StackState(stack.pid, "http://x", "postgresql://the-stacks", "redis://x").write(
            data_dir.state
        )
        async with borrowed_database(data_dir.root, given={}) as url:
            assert url == "postgresql://the-stacks"
        stack.kill()


async def test_a_database_that_was_given_is_used_as_it_is(data_dir: DataDir) -> None:
    given = {"PENSTOCK_DATABASE_URL": "postgresql://elsewhere"}

    async with borrowed_database(data_dir.root, given=given) as url:
        assert url == "postgresql://elsewhere"


async def test_what_a_killed_stack_left_is_ended_and_strangers_are_not(
    data_dir: DataDir,
) -> None:
    with sleeping() as left, sleeping() as stranger:
        pids = {"worker-1": left.pid, "worker-2": stranger.pid}
        StackState(os.getpid(), "http://x", "postgresql://", "redis://", pids).write(data_dir.state)
        content = json.loads(data_dir.state.read_text())
        # The same pid, but a process that started at another time.
        content["started_ticks"]["worker-2"] -= 1
        data_dir.state.write_text(json.dumps(content))

        await end_leftovers(data_dir.state)

        assert not is_alive(left.pid)
        assert is_alive(stranger.pid)
        stranger.send_signal(signal.SIGKILL)
    assert find_state(data_dir.state) is None


def test_a_port_is_chosen_where_no_outgoing_connection_can_take_it() -> None:
    first, _ = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()

    assert all(port < int(first) for port in (free_port() for _ in range(20)))


def test_a_server_of_the_suite_needs_no_running_loop(directory: Path) -> None:
    """It may be started in one event loop and stopped in another one."""
    server = Postgres(directory / "postgres", password="s3cret", log=directory / "postgres.log")
    asyncio.run(server.start())
    asyncio.run(server.create_database("suite"))
    asyncio.run(server.destroy())
    assert not (directory / "postgres").exists()
