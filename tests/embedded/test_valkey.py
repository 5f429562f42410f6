import asyncio
from pathlib import Path

import psutil

from app.embedded import Valkey
from tests.embedded.waiting import is_alive


async def told(server: Valkey, *commands: str) -> list[str]:
    """The first line of each answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write("".join(f"{command}\r\n" for command in commands).encode())
        return [(await reader.readline()).decode().strip() for _ in commands]
    finally:
        writer.close()
        await writer.wait_closed()


async def test_it_answers_only_to_the_password(valkey: Valkey) -> None:
    assert (await told(valkey, "PING"))[0].startswith("-NOAUTH")
    assert await told(valkey, "AUTH s3cret", "PING") == ["+OK", "+PONG"]


async def test_killed_and_started_again_it_keeps_its_port_and_nothing_else(
    valkey: Valkey,
) -> None:
    port, pid = valkey.port, valkey.pid
    assert pid is not None
    await told(valkey, "AUTH s3cret", "SET word kept")

    await valkey.kill()
    assert not is_alive(pid)
    await valkey.start()

    assert valkey.port == port
    assert await told(valkey, "AUTH s3cret", "GET word") == ["+OK", "$-1"]


async def test_a_stop_is_clean(valkey: Valkey) -> None:
    await valkey.stop()

    assert valkey.pid is None
    assert await valkey.died() == "exit code 0"


async def test_its_password_is_not_among_its_arguments(valkey: Valkey, directory: Path) -> None:
    arguments = " ".join(psutil.Process(valkey.pid).cmdline())

    assert str(valkey.port) in arguments
    assert "s3cret" not in arguments
    assert (directory / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600
