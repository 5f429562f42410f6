"""Clients that send garbage, too much, too slowly or nothing: told so, dropped, and forgotten."""

import asyncio
import contextlib
import os
import stat
from pathlib import Path

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.proxying.making import QUICK, caps, connect, get, proxying, refusal_of
from workers.proxying.errors import HostNotAllowed
from workers.proxying.ledger import MOST_HOSTS, Ledger
from workers.proxying.policy import Caps, Policy
from workers.proxying.server import filtering

NAMES = {"inside.test": ["10.0.0.1"]}
HASTY = Policy(caps=caps(head_timeout=QUICK))


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00" + bytes(100),
        b"hello\r\n\r\n",
        b"GET http://inside.test/ HTTP/1.1\r\n\r\n",
        b"GET  http://inside.test/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://inside.test/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://inside.test/ HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET http://inside.test/ HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 10_000 + b"\r\n\r\n",
    ],
)
async def test_garbage_is_a_bad_request(said: bytes) -> None:
    async with proxying(Policy(), NAMES) as site:
        assert refusal_of(await site.say(said, then_end=True)) == (400, "bad_request")
        assert site.use_of("(unnamed)").refused == {"bad_request": 1}


@pytest.mark.parametrize("size", [40_000, 400_000])
async def test_a_head_without_end_is_too_large(size: int) -> None:
    async with proxying(Policy(), NAMES) as site:
        said = await site.say(get("http://inside.test/", "X: " + "y" * size)[:-4])

    assert refusal_of(said) == (431, "head_too_large")


@pytest.mark.parametrize("first", [b"", b"G", b"\x05", b"\x05\x01\x00\x05", b"CONNECT a.test:443"])
async def test_whoever_does_not_get_it_said_is_left(first: bytes) -> None:
    async with proxying(HASTY, NAMES) as site:
        said = await site.say(first)

        assert site.use_of("(unnamed)").refused == {"request_too_slow": 1}
    if first.startswith((b"G", b"C")):
        assert refusal_of(said) == (408, "request_too_slow")


async def test_dripping_does_not_help() -> None:
    async with proxying(HASTY, NAMES) as site:
        reader, writer = await site.connect()
        writer.write(b"GET http://inside.test/ HTTP/1.1\r\n")
        answer = asyncio.create_task(reader.read())
        while not answer.done():
            writer.write(b"x: y\r\n")
            await asyncio.sleep(0.02)
        assert refusal_of(await answer) == (408, "request_too_slow")
        writer.close()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.binary(max_size=300)
    | st.builds(
        lambda line, rest: line + rest,
        st.sampled_from([b"CONNECT a.test:443 HTTP/1.1\r\n", b"GET http://a.test/ HTTP/1.1\r\n",
                         b"\x05\x01\x00", b"\x05\x01\x00\x05\x01\x00"]),
        st.binary(max_size=300),
    )
)  # fmt: skip
def test_whatever_is_said_it_ends_and_the_next_one_is_heard(said: bytes) -> None:
    async def one() -> None:
        async with proxying(Policy(), NAMES) as site:
            with contextlib.suppress(ConnectionError):
                await site.say(said, then_end=True)
            answer = await site.say(connect("inside.test:443"))
            assert refusal_of(answer) == (403, "network_refused")

    uvloop.run(one())  # as in a worker


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
async def test_the_socket_has_its_mode_and_goes_with_the_proxy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "s"
    uid = os.getuid()
    async with filtering(Policy(), path, mode=mode, uid=uid if uid == 0 else None):
        found = path.stat()
        assert stat.S_ISSOCK(found.st_mode)
        assert stat.S_IMODE(found.st_mode) == mode

    assert not path.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
async def test_the_socket_may_be_the_sandboxs_users(tmp_path: Path) -> None:
    async with filtering(Policy(), tmp_path / "s", uid=65534):
        assert (tmp_path / "s").stat().st_uid == 65534


async def test_where_there_is_one_there_is_no_second(tmp_path: Path) -> None:
    async with filtering(Policy(), tmp_path / "s"):
        with pytest.raises(OSError, match="in use"):
            async with filtering(Policy(), tmp_path / "s"):
                pass
        assert (tmp_path / "s").exists()


async def test_the_log_says_whom_and_how_much_and_never_what() -> None:
    async with proxying(Policy(), NAMES) as site:
        await site.say(get("http://inside.test/secret?key=secret", "X: secret"))
        await site.say(connect("inside.test:22"))

        uses = site.proxy.hosts()
    assert [(use.host, use.port, use.connections, dict(use.refused)) for use in uses] == [
        ("inside.test", 80, 0, {"network_refused": 1}),
        ("inside.test", 22, 0, {"port_not_allowed": 1}),
    ]
    assert "secret" not in repr(uses)


def test_the_log_is_bounded() -> None:
    ledger = Ledger(Caps())
    for number in range(MOST_HOSTS + 500):
        ledger.entry(f"n{number}.test", 443).refused[HostNotAllowed.code_of()] += 1
    ledger.entry("n0.test", 443).connections += 1

    *named, others = ledger.hosts()
    assert len(named) == MOST_HOSTS
    assert named[0].connections == 1
    assert (others.host, others.refused) == ("(others)", {"host_not_allowed": 500})
