"""Where a run's bytes, connections and silences end."""

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.core.outbound.dialling import resolve
from tests.faults.processes import PATIENCE_SECONDS
from tests.outbound.servers import saying, serving
from tests.proxying.making import (
    QUICK,
    caps,
    connect,
    echoing,
    get,
    heard,
    listing,
    proxying,
    refusal_of,
)
from workers.proxying.policy import Policy
from workers.proxying.server import _ASKING

# Longer than the slowest machine is between two words of a test.
PATIENT = timedelta(seconds=4)
NAMES = {"echo.test": ["127.0.0.1"], "files.test": ["127.0.0.1"], "public.test": ["203.0.113.1"]}


async def test_a_tunnel_is_cut_at_the_cap_of_bytes_sent() -> None:
    async with echoing() as port:
        policy = listing(f"echo.test:{port}", caps=caps(bytes_out=100_000))
        async with proxying(policy, NAMES) as site:
            _, reader, writer = await site.tunnel(f"echo.test:{port}")
            writer.write(b"x" * 300_000)
            said = await heard(reader)
            writer.close()
            refused = await site.say(connect(f"echo.test:{port}"))
            use = site.use_of("echo.test")

    assert len(said) <= use.bytes_out <= 100_000
    assert refusal_of(refused) == (403, "byte_cap")
    assert use.refused == {"byte_cap": 2}


async def test_what_comes_is_capped_as_well() -> None:
    async with serving(saying("200 OK", b"x" * 300_000)) as server:
        policy = listing(f"files.test:{server.port}", caps=caps(bytes_in=100_000))
        async with proxying(policy, NAMES) as site:
            request = get(f"http://files.test:{server.port}/")
            said = await site.say(request)
            refused = await site.say(request)
            use = site.use_of("files.test")

    assert b"Content-Length: 300000" in said
    assert len(said) < 100_000
    assert use.bytes_in <= 100_000
    assert refusal_of(refused) == (403, "byte_cap")


async def test_the_cap_is_that_of_all_connections_together() -> None:
    async with echoing() as port:
        policy = listing(f"echo.test:{port}", caps=caps(bytes_out=50))
        async with proxying(policy, NAMES) as site:
            request = connect(f"echo.test:{port}")
            said = [await site.say(request + b"x" * 20, then_end=True) for _ in range(3)]

    assert [len(one.partition(b"\r\n\r\n")[2]) for one in said] == [20, 20, 0]


async def test_two_hundred_at_once_are_bounded() -> None:
    """50 have a place, and each of the others is told that it has none."""
    dialled = 0

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal dialled
        dialled += 1
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with proxying(listing(f"echo.test:{port}"), NAMES) as site:
        opened = [await site.connect() for _ in range(200)]
        for _, writer in opened:
            writer.write(connect(f"echo.test:{port}"))
        heads = await asyncio.gather(*(_head(reader) for reader, _ in opened))
        for _, writer in opened:
            writer.close()
        await site.alone()
        head, _, writer = await site.tunnel(f"echo.test:{port}")
        writer.close()
        assert head.startswith(b"HTTP/1.1 200 ")
    server.close()

    assert heads.count(b"HTTP/1.1 200 Connection established") == 50
    assert heads.count(b"HTTP/1.1 503 too_many_connections") == 150
    assert dialled == 51


async def test_connections_in_all_are_counted() -> None:
    async with serving(saying("200 OK", b"rows")) as server:
        policy = listing(f"files.test:{server.port}", caps=caps(in_all=2))
        async with proxying(policy, NAMES) as site:
            request = get(f"http://files.test:{server.port}/")
            said = [await site.say(request) for _ in range(3)]
            use = site.use_of("files.test")

    assert [one.split(b"\r\n")[0] for one in said[:2]] == [b"HTTP/1.1 200 OK"] * 2
    assert refusal_of(said[2]) == (429, "connections_used_up")
    assert b"retry-after" not in said[2]
    assert (use.connections, use.refused) == (2, {"connections_used_up": 1})


async def test_a_silent_tunnel_is_cut() -> None:
    async with echoing() as port:
        policy = listing(f"echo.test:{port}", caps=caps(idle_timeout=QUICK))
        async with proxying(policy, NAMES) as site:
            said = await site.say(connect(f"echo.test:{port}"), b"once")
            use = site.use_of("echo.test")

    # Whoever is not heard of for so long is silent, even if it is the machine that is slow.
    assert said.partition(b"\r\n\r\n")[2] in (b"once", b"")
    assert use.refused == {"silent": 1}


async def test_one_that_is_talked_through_is_not() -> None:
    async with echoing() as port:
        policy = listing(f"echo.test:{port}", caps=caps(idle_timeout=PATIENT))
        async with proxying(policy, NAMES) as site:
            _, reader, writer = await site.tunnel(f"echo.test:{port}")
            end = time.monotonic() + PATIENT.total_seconds() * 1.2
            while time.monotonic() < end:
                writer.write(b"x")
                assert await reader.readexactly(1) == b"x"
                await asyncio.sleep(0.05)
            writer.close()


async def test_whoever_does_not_read_is_cut_as_well() -> None:
    async with echoing() as port:
        policy = listing(f"echo.test:{port}", caps=caps(idle_timeout=QUICK))
        async with proxying(policy, NAMES) as site:
            _, _, writer = await site.tunnel(f"echo.test:{port}")
            with pytest.raises(ConnectionError):
                await _pour(writer)
            writer.close()
            await site.alone()
            use = site.use_of("echo.test")

    assert use.refused == {"silent": 1}
    assert use.bytes_out < 50_000_000


async def test_a_host_that_does_not_answer_a_request_is_left() -> None:
    async def keep_silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2)

    async with serving(keep_silent) as server:
        policy = listing(f"files.test:{server.port}", caps=caps(idle_timeout=QUICK))
        async with proxying(policy, NAMES) as site:
            said = await site.say(get(f"http://files.test:{server.port}/"))

    assert refusal_of(said) == (504, "silent")


async def test_names_that_nobody_answers_for_hold_up_a_few_and_no_longer_than_allowed() -> None:
    asked: list[str] = []
    nobody = asyncio.Event()

    async def hang(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        await nobody.wait()
        return []

    async with proxying(Policy(caps=caps(connect_timeout=QUICK)), resolver=hang) as site:
        said = await asyncio.gather(*(site.say(get(f"http://n{n}.test/")) for n in range(20)))
        assert {refusal_of(one) for one in said} == {(504, "silent")}
        assert len(asked) == 4
        nobody.set()
        refused = await site.say(get("http://n.test/"))

    assert refusal_of(refused) == (502, "not_reached")


async def test_the_end_of_the_run_cuts_everything() -> None:
    async with echoing() as port:
        async with proxying(listing(f"echo.test:{port}"), NAMES) as site:
            _, reader, writer = await site.tunnel(f"echo.test:{port}")
            unsaid, unheard = await site.connect(), await site.connect()
            unsaid[1].write(b"GET ")
        assert [await heard(one) for one in (reader, unsaid[0], unheard[0])] == [b"", b"", b""]
        for one in (writer, unsaid[1], unheard[1]):
            one.close()


async def _pour(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def _head(reader: asyncio.StreamReader) -> bytes:
    return (await reader.readline()).rstrip()


async def test_code_that_asks_for_names_holds_up_no_webhook() -> None:
    """Its threads are its own: all of them wait, and the service's names are found all the same."""
    over = threading.Event()
    waiting = [_ASKING.submit(over.wait) for _ in range(20)]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            found = await resolve("localhost", 80)
    finally:
        over.set()
    assert all(one.result() for one in waiting)
    assert set(found) <= {"127.0.0.1", "::1"}
