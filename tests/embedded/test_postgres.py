import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.embedded import Postgres, privileges, wheels
from app.embedded.errors import DatabaseLost, StartFailed
from tests.embedded.waiting import is_alive, until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root must not do")


@contextlib.asynccontextmanager
async def connected(
    server: Postgres, database: str = "postgres"
) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(server.url(database))
    try:
        yield connection
    finally:
        connection.terminate()


async def remember(server: Postgres, word: str) -> None:
    async with connected(server) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        await connection.execute("INSERT INTO words VALUES ($1)", word)


async def remembered(server: Postgres) -> list[str]:
    async with connected(server) as connection:
        return [row["word"] for row in await connection.fetch("SELECT word FROM words")]


async def test_what_was_committed_outlives_a_kill_and_the_port_stays(postgres: Postgres) -> None:
    port = postgres.port
    await remember(postgres, "kept")

    await postgres.kill()
    await postgres.start()

    assert await remembered(postgres) == ["kept"]
    assert postgres.port == port


async def test_a_clean_stop_leaves_nothing_to_recover(postgres: Postgres, directory: Path) -> None:
    await remember(postgres, "kept")
    before = len((directory / "postgres.log").read_text())

    await postgres.stop()
    await postgres.start()

    assert await remembered(postgres) == ["kept"]
    assert "recovery" not in (directory / "postgres.log").read_text()[before:]


async def test_a_kill_ends_the_servers_processes_too(postgres: Postgres) -> None:
    assert postgres.pid is not None
    pids = [postgres.pid, *(child.pid for child in psutil.Process(postgres.pid).children())]
    assert len(pids) > 3

    await postgres.kill()

    assert [pid for pid in pids if is_alive(pid)] == []


async def test_it_starts_although_a_busy_session_outlived_its_postmaster(
    postgres: Postgres,
) -> None:
    assert postgres.pid is not None
    async with connected(postgres) as connection:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        busy = asyncio.create_task(
            connection.execute("SELECT count(*) FROM generate_series(1, 10000000000)")
        )
        await until(lambda: psutil.Process(backend).cpu_times().user > 0.05)
        # Stopped, it cannot notice that its postmaster died, as in a long computation.
        os.kill(backend, signal.SIGSTOP)
        os.kill(postgres.pid, signal.SIGKILL)
        await postgres.died()

        await postgres.start()

        assert not is_alive(backend)
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await busy


async def test_a_server_left_by_an_earlier_owner_is_ended_first(
    postgres: Postgres, directory: Path
) -> None:
    await remember(postgres, "kept")
    heir = Postgres(directory / "postgres", password="s3cret", log=directory / "heir.log")

    await heir.start()

    assert postgres.pid is None
    assert await remembered(heir) == ["kept"]
    await heir.stop()


async def test_a_stale_pid_file_with_the_pid_of_somebody_else_is_no_obstacle(
    postgres: Postgres,
) -> None:
    await postgres.kill()
    pid_file = postgres.quarters.cluster / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]))

    await postgres.start()

    assert postgres.pid is not None


async def test_one_server_holds_several_databases(postgres: Postgres) -> None:
    await postgres.create_database("first")
    async with connected(postgres, "first") as connection:
        await connection.execute("CREATE TABLE things (id int)")

    await postgres.create_database("second", template="first")
    await postgres.create_database("second")

    async with connected(postgres, "second") as connection:
        assert await connection.fetchval("SELECT count(*) FROM things") == 0
        await postgres.drop_database("second")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(postgres.url("second"))


async def test_it_is_durable_unicode_and_in_utc_unless_told_otherwise(
    postgres: Postgres,
) -> None:
    async with connected(postgres) as connection:
        shown = {
            name: await connection.fetchval(f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "server_encoding", "timezone", "jit")
        }
        provider = await connection.fetchval(
            "SELECT datlocprovider FROM pg_database WHERE datname = 'template1'"
        )

    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "server_encoding": "UTF8",
        "timezone": "UTC",
        "jit": "off",
    }
    assert provider == b"b"


async def test_settings_given_go_before_the_houses(directory: Path) -> None:
    server = Postgres(
        directory / "postgres",
        password="s3cret",
        log=directory / "postgres.log",
        settings={"fsync": "off", "max_connections": "20"},
    )
    try:
        await server.start()
        async with connected(server) as connection:
            assert await connection.fetchval("SHOW fsync") == "off"
            assert await connection.fetchval("SHOW max_connections") == "20"
    finally:
        await server.destroy()


async def test_nobody_enters_without_the_password(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url().replace("s3cret", "guess"))


async def test_a_server_that_cannot_start_says_why(directory: Path) -> None:
    server = Postgres(
        directory / "postgres",
        password="s3cret",
        log=directory / "postgres.log",
        settings={"shared_buffers": "a lot"},
    )
    try:
        with pytest.raises(StartFailed, match='"shared_buffers": "a lot"'):
            await server.start()
        assert server.pid is None
    finally:
        await server.destroy()


@as_root
async def test_a_directory_closed_to_others_works_and_stays_closed(directory: Path) -> None:
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    server = Postgres(closed / "postgres", password="s3cret", log=closed / "postgres.log")
    try:
        await server.start()
        await remember(server, "kept")

        assert server.pid is not None
        assert psutil.Process(server.pid).uids().effective != 0
        assert closed.stat().st_mode & 0o777 == 0o700
        assert (closed / "postgres").is_symlink()

        await server.stop()
        again = Postgres(closed / "postgres", password="s3cret", log=closed / "postgres.log")
        await again.start()
        assert await remembered(again) == ["kept"]
        await again.stop()
    finally:
        await server.destroy()
    assert not (closed / "postgres").is_symlink()


@as_root
async def test_programs_closed_to_others_are_copied_once(directory: Path) -> None:
    wheel = wheels.postgres()
    closed = directory / "closed"
    for part in wheel.parts:
        shutil.copytree(part, closed / part.relative_to(wheel.root), symlinks=True)
    closed.chmod(0o700)
    unreachable = wheels.Installation(closed, f"of-test-{os.getpid()}")
    copy = privileges.SHARED / f"pginstall-{unreachable.version}"
    try:
        found = privileges.quarters(directory / "postgres", unreachable)
        made_at = copy.stat().st_mtime_ns
        again = privileges.quarters(directory / "postgres", unreachable)

        assert found.programs.is_relative_to(copy)
        assert again == found
        assert copy.stat().st_mtime_ns == made_at
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(copy, ignore_errors=True)


@as_root
async def test_a_cluster_that_is_gone_is_not_replaced_by_an_empty_one(directory: Path) -> None:
    (directory / "postgres").symlink_to(directory / "gone")
    server = Postgres(directory / "postgres", password="s3cret", log=directory / "postgres.log")

    with pytest.raises(DatabaseLost):
        await server.start()
