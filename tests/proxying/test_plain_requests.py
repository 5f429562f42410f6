"""Plain http through the proxy: said again to its host, or refused."""

import asyncio

import pytest

from app.core.outbound.dialling import resolve
from tests.faults.processes import PATIENCE_SECONDS
from tests.outbound.servers import Server, saying, serving
from tests.proxying.making import connect, get, listing, proxying, refusal_of
from workers.proxying.policy import OwnApi, Policy

NAMES = {
    "files.test": ["127.0.0.1"],
    "inside.test": ["10.0.0.1"],
    "meta.test": ["169.254.169.254"],
    "mixed.test": ["8.8.8.8", "127.0.0.1"],
    "carried.test": ["64:ff9b::7f00:1"],
    "own.test": ["127.0.0.1"],
}


async def through(server: Server, request: bytes, **fields: object) -> bytes:
    async with proxying(listing(f"files.test:{server.port}", **fields), NAMES) as site:
        return await site.say(request)


async def test_a_request_is_said_again_and_its_answer_too() -> None:
    async with serving(saying("200 Fine", b"rows", "X-Kind: csv", "Keep-Alive: 5")) as server:
        answer = await through(
            server,
            get(
                f"http://files.test:{server.port}/rows.csv?day=1",
                "Accept: text/csv",
                "Connection: keep-alive, X-Hop",
                "X-Hop: 1",
                "Proxy-Connection: keep-alive",
                "Proxy-Authorization: Basic abc",
                "X-Forwarded-For: 10.0.0.9",
            ),
        )

    head, _, body = answer.partition(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 200 Fine", b"rows")
    assert b"X-Kind: csv" in head
    assert b"Keep-Alive" not in head
    (heard,) = server.heard
    assert heard.split("\r\n") == [
        "GET /rows.csv?day=1 HTTP/1.1",
        f"Host: files.test:{server.port}",
        "Accept: text/csv",
        "X-Forwarded-For: 10.0.0.9",
        "Connection: close",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("framing", "sent"),
    [
        ("Content-Length: 9", b"some rows"),
        ("Transfer-Encoding: chunked", b"4\r\nsome\r\n5;x=y\r\n rows\r\n0\r\n\r\n"),
    ],
)
async def test_a_body_is_passed_on(framing: str, sent: bytes) -> None:
    got: list[bytes] = []

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"rows"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        request = get(f"http://files.test:{port}/", framing, method="PUT", body=sent)
        answer = await through(Server(port), request)
    finally:
        server.close()

    assert answer.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert framing.encode().lower() in got[0].lower()
    assert got[0].endswith(b"rows")
    assert b"x=y" not in got[0]


async def test_who_waits_to_send_a_body_is_told_to_go_on() -> None:
    async with (
        serving(saying("200 OK", b"taken")) as server,
        proxying(listing(f"files.test:{server.port}"), NAMES) as site,
    ):
        reader, writer = await site.connect()
        head = ["Expect: 100-continue", "Content-Length: 4"]
        writer.write(get(f"http://files.test:{server.port}/", *head, method="PUT"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(b"rows")
        assert (await reader.read()).endswith(b"taken")
        writer.close()

    assert "Expect" not in server.heard[0]


async def test_an_answer_to_head_has_no_body() -> None:
    async with serving(saying("200 OK")) as server:
        address = f"http://files.test:{server.port}/"
        answer = await through(server, get(address, method="HEAD"))
        refused = await through(server, get("http://inside.test/", method="HEAD"))

    assert answer.endswith(b"\r\n\r\n")
    assert refused.startswith(b"HTTP/1.1 403 network_refused\r\n")
    assert refused.endswith(b"\r\n\r\n")


async def test_an_answer_without_a_length_cannot_be_cut_unseen() -> None:
    async def until_the_end(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nall of it")

    async with serving(until_the_end) as server:
        answer = await through(server, get(f"http://files.test:{server.port}/"))

    assert b"transfer-encoding: chunked" in answer.lower()
    assert answer.endswith(b"9\r\nall of it\r\n0\r\n\r\n")


async def test_an_early_answer_ends_a_body_that_is_not_wanted() -> None:
    async def decline(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

    async with serving(decline) as server:
        request = get(f"http://files.test:{server.port}/", "Content-Length: 9000", method="PUT")
        answer = await through(server, request)

    assert answer.startswith(b"HTTP/1.1 413 Too Large\r\n")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://inside.test/", (403, "network_refused")),
        ("http://meta.test/", (403, "network_refused")),
        ("http://mixed.test/", (403, "network_refused")),
        ("http://carried.test/", (403, "network_refused")),
        ("http://127.0.0.1/", (403, "network_refused")),
        ("http://[::1]/", (403, "network_refused")),
        ("http://[::ffff:127.0.0.1]/", (403, "network_refused")),
        ("http://169.254.169.254/latest/meta-data/", (403, "network_refused")),
        ("http://inside.test:8080/", (403, "port_not_allowed")),
        ("http://unknown.test/", (502, "not_reached")),
        ("https://files.test/", (400, "bad_request")),
        ("/rows.csv", (400, "bad_request")),
        ("ftp://files.test/", (400, "bad_request")),
        ("http://user:word@files.test/", (400, "bad_request")),
        ("http://files.test:0/", (400, "bad_request")),
        ("http://files.test:70000/", (400, "bad_request")),
        ("http://files.test:/", (400, "bad_request")),
        ("http://", (400, "bad_request")),
        ("http://files.test#/x", (400, "bad_request")),
        ("http://files.test\\@inside.test/", (400, "bad_request")),
        ("http://[fe80::1%25eth0]/", (400, "bad_request")),
        ("*", (400, "bad_request")),
    ],
)
async def test_where_it_may_not_go_it_is_told_why(address: str, expected: tuple[int, str]) -> None:
    async with proxying(Policy(), NAMES) as site:
        answer = await site.say(get(address))

    assert refusal_of(answer) == expected
    assert b"test" not in answer


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "0"])
async def test_a_strange_spelling_leads_nowhere_else(host: str) -> None:
    """With the system's own resolver, which takes all of them for addresses."""
    async with proxying(Policy(), resolver=resolve) as site:
        status, code = refusal_of(await site.say(get(f"http://{host}/")))

    assert code in {"network_refused", "not_reached"}
    assert status in {403, 502}


async def test_a_name_is_judged_again_at_each_connection() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"], ["10.0.0.1"], ["127.0.0.1"]]

    async def change(host: str, port: int) -> list[str]:
        return answers.pop(0)

    async with serving(saying("200 OK", b"rows")) as server:
        policy = listing(f"files.test:{server.port}")
        async with proxying(policy, resolver=change) as site:
            request = get(f"http://files.test:{server.port}/")
            said = [(await site.say(request)).split(b"\r\n")[0] for _ in range(4)]

    fine, refused = b"HTTP/1.1 200 OK", b"HTTP/1.1 403 network_refused"
    assert said == [fine, refused, refused, fine]


async def test_a_redirect_inward_is_just_another_request() -> None:
    leads_in = saying("302 Found", b"", "Location: http://inside.test/")
    async with (
        serving(leads_in) as server,
        proxying(listing(f"files.test:{server.port}"), NAMES) as site,
    ):
        first = await site.say(get(f"http://files.test:{server.port}/"))
        second = await site.say(get("http://inside.test/"))

    assert b"302 Found" in first
    assert refusal_of(second) == (403, "network_refused")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/people", b"HTTP/1.1 200 OK"),
        ("/v1", b"HTTP/1.1 200 OK"),
        ("/metrics", b"HTTP/1.1 403 path_not_allowed"),
        ("/v1/../metrics", b"HTTP/1.1 403 path_not_allowed"),
        ("/v1/%2e%2e/metrics", b"HTTP/1.1 403 path_not_allowed"),
        ("", b"HTTP/1.1 403 path_not_allowed"),
        ("?/v1", b"HTTP/1.1 403 path_not_allowed"),
    ],
)
async def test_of_this_installation_only_v1(path: str, expected: bytes) -> None:
    async with serving(saying("200 OK", b"[]")) as server:
        policy = Policy(own_api=OwnApi("own.test", server.port, is_tls=False))
        async with proxying(policy, NAMES) as site:
            headers = ["X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "X-Real-Ip: 1.2.3.4"]
            answer = await site.say(get(f"http://OWN.test:{server.port}{path}", *headers))
            tunnelled = await site.say(connect(f"own.test:{server.port}"))

    assert answer.split(b"\r\n")[0] == expected
    assert refusal_of(tunnelled) == (403, "path_not_allowed")
    assert len(server.heard) == (1 if b"200" in expected else 0)
    assert "1.2.3.4" not in "".join(server.heard)


async def test_a_client_that_is_gone_is_not_waited_for() -> None:
    is_asked, is_over = asyncio.Event(), asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        is_asked.set()
        await reader.read()
        writer.close()
        is_over.set()

    server = await asyncio.start_server(stall, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with proxying(listing(f"files.test:{port}"), NAMES) as site:
        _, writer = await site.connect()
        writer.write(get(f"http://files.test:{port}/"))
        await is_asked.wait()
        writer.close()
        await asyncio.wait_for(is_over.wait(), PATIENCE_SECONDS)
    server.close()
