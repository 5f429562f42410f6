"""CONNECT and SOCKS5: a way through, or a refusal in the words of the protocol."""

import asyncio
import ssl
import struct
from ipaddress import ip_address

import pytest

from tests.faults.processes import PATIENCE_SECONDS
from tests.outbound.servers import Authority, saying, serving
from tests.proxying.making import (
    caps,
    connect,
    echoing,
    listing,
    proxying,
    refusal_of,
)
from workers.proxying.policy import OwnApi, Policy

NAMES = {"echo.test": ["127.0.0.1"], "inside.test": ["10.0.0.1"], "own.test": ["127.0.0.1"]}
GREETING = b"\x05\x01\x00"
GRANTED = b"\x05\x00\x00\x01" + bytes(6)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def by_name(name: str, port: int, command: int = 1) -> bytes:
    return bytes([5, command, 0, 3, len(name)]) + name.encode() + struct.pack("!H", port)


def by_address(address: str, port: int) -> bytes:
    packed = ip_address(address).packed
    return bytes([5, 1, 0, 1 if len(packed) == 4 else 4]) + packed + struct.pack("!H", port)


async def test_a_tunnel_carries_bytes_both_ways_until_both_have_ended() -> None:
    async with echoing() as port, proxying(listing(f"echo.test:{port}"), NAMES) as site:
        head, reader, writer = await site.tunnel(f"echo.test:{port}")
        writer.write(b"there" * 100_000)
        writer.write_eof()
        said = await reader.read()
        writer.close()

    assert head == b"HTTP/1.1 200 Connection established\r\n\r\n"
    assert said == b"there" * 100_000


async def test_what_is_said_before_the_answer_is_not_lost() -> None:
    async with echoing() as port, proxying(listing(f"echo.test:{port}"), NAMES) as site:
        place = f"echo.test:{port}"
        said = await site.say(connect(place) + b"too early", b", and later", then_end=True)

    assert said.endswith(b"\r\n\r\ntoo early, and later")


async def test_tls_inside_is_between_the_two_ends(authority: Authority) -> None:
    certificate = authority.server_for("echo.test")
    async with (
        serving(saying("200 OK", b"secret"), certificate) as server,
        proxying(listing(f"echo.test:{server.port}"), NAMES) as site,
    ):
        _, reader, writer = await site.tunnel(f"echo.test:{server.port}")
        await writer.start_tls(authority.trust, server_hostname="echo.test")
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        said = await reader.read()
        writer.close()

    assert said.endswith(b"secret")


async def test_to_this_installation_over_tls_there_is_a_tunnel(authority: Authority) -> None:
    async with serving(saying("200 OK"), authority.server_for("own.test")) as server:
        own = OwnApi("own.test", server.port, is_tls=True)
        async with proxying(Policy(own_api=own), NAMES) as site:
            head, _, writer = await site.tunnel(f"own.test:{server.port}")
            writer.close()

    assert head.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("inside.test:443", (403, "network_refused")),
        ("127.0.0.1:443", (403, "network_refused")),
        ("[::1]:443", (403, "network_refused")),
        ("169.254.169.254:80", (403, "network_refused")),
        ("inside.test:5432", (403, "port_not_allowed")),
        ("unknown.test:443", (502, "not_reached")),
        ("inside.test", (400, "bad_request")),
        ("http://inside.test:443", (400, "bad_request")),
        ("user@inside.test:443", (400, "bad_request")),
        ("inside.test:0", (400, "bad_request")),
        (":443", (400, "bad_request")),
        ("::1:443", (400, "bad_request")),
    ],
)
async def test_where_it_may_not_lead_it_is_told_why(place: str, expected: tuple[int, str]) -> None:
    async with proxying(Policy(), NAMES) as site:
        assert refusal_of(await site.say(connect(place))) == expected


async def test_only_listed_hosts_where_the_account_says_so() -> None:
    async with proxying(listing("a.test", only_listed=True), NAMES) as site:
        assert refusal_of(await site.say(connect("b.test:443"))) == (403, "host_not_allowed")


async def test_connect_has_no_body() -> None:
    request = b"CONNECT inside.test:443 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nrows"
    async with proxying(Policy(), NAMES) as site:
        assert refusal_of(await site.say(request)) == (400, "bad_request")


@pytest.mark.parametrize("asked", ["echo.test", "127.0.0.1"])
async def test_socks_carries_bytes_too(asked: str) -> None:
    async with echoing() as port, proxying(listing(f"{asked}:{port}"), NAMES) as site:
        is_name = asked == "echo.test"
        wanted = by_name(asked, port) if is_name else by_address(asked, port)
        said = await site.say(GREETING, wanted, b"there", then_end=True)

    assert said == b"\x05\x00" + GRANTED + b"there"


@pytest.mark.parametrize(
    ("wanted", "reply"),
    [
        (by_name("inside.test", 443), 2),
        (by_address("127.0.0.1", 443), 2),
        (by_address("::1", 443), 2),
        (by_address("::ffff:169.254.169.254", 80), 2),
        (by_name("inside.test", 22), 2),
        (by_name("unknown.test", 443), 4),
        (by_name("bad name", 443), 2),
        (by_name("inside.test", 0), 2),
        (by_name("inside.test", 443, command=2), 7),
        (b"\x05\x01\x00\x09" + bytes(6), 8),
        (b"\x05\x01\x00\x03\x00\x01\xbb", 2),
    ],
)
async def test_socks_refuses_in_a_number(wanted: bytes, reply: int) -> None:
    async with proxying(Policy(), NAMES) as site:
        said = await site.say(GREETING, wanted)

    assert said == b"\x05\x00\x05" + bytes([reply]) + b"\x00\x01" + bytes(6)


@pytest.mark.parametrize("port_kind", ["own", "other"])
async def test_socks_to_this_installation_without_tls_is_refused(port_kind: str) -> None:
    async with echoing() as port:
        own = OwnApi("own.test", port, is_tls=False)
        async with proxying(Policy(own_api=own), NAMES) as site:
            said = await site.say(GREETING, by_name("own.test", port + (port_kind != "own")))

    assert said[3] == 2


async def test_socks_with_a_password_is_not_spoken() -> None:
    async with proxying(Policy(), NAMES) as site:
        assert await site.say(b"\x05\x01\x02") == b"\x05\xff"


@pytest.mark.parametrize("end", ["client", "server"])
async def test_one_side_that_breaks_off_takes_the_other_with_it(end: str) -> None:
    theirs: list[asyncio.StreamWriter] = []
    is_over = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs.append(writer)
        await reader.read()
        writer.close()
        is_over.set()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with proxying(listing(f"echo.test:{port}"), NAMES) as site:
        _, reader, writer = await site.tunnel(f"echo.test:{port}")
        if end == "client":
            writer.transport.abort()
        else:
            theirs[0].transport.abort()
            assert await reader.read() == b""
            writer.close()
        await asyncio.wait_for(is_over.wait(), PATIENCE_SECONDS)
        await site.alone()
    server.close()


async def test_nobody_answering_is_a_refusal_too() -> None:
    listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    async with proxying(listing(f"echo.test:{port}", caps=caps()), NAMES) as site:
        assert refusal_of(await site.say(connect(f"echo.test:{port}"))) == (502, "not_reached")


async def test_a_certificate_is_the_customers_to_check(authority: Authority) -> None:
    async with (
        serving(saying("200 OK"), authority.server_for("other.test")) as server,
        proxying(listing(f"echo.test:{server.port}"), NAMES) as site,
    ):
        _, _, writer = await site.tunnel(f"echo.test:{server.port}")
        with pytest.raises(ssl.SSLCertVerificationError):
            await writer.start_tls(authority.trust, server_hostname="echo.test")
        writer.transport.abort()
