"""Requests and answers that could be read in two ways, or in none."""

import asyncio

import pytest

from tests.outbound.servers import saying, serving
from tests.proxying.making import get, listing, proxying, refusal_of
from workers.proxying.policy import OwnApi, Policy

NAMES = {"files.test": ["127.0.0.1"], "own.test": ["127.0.0.1"]}


async def test_the_second_request_on_a_connection_is_not_heard() -> None:
    async with serving(saying("200 OK", b"[]")) as server:
        policy = Policy(own_api=OwnApi("own.test", server.port, is_tls=False))
        async with proxying(policy, NAMES) as site:
            address = f"http://own.test:{server.port}"
            answer = await site.say(get(f"{address}/v1") + get(f"{address}/metrics"))

    assert answer.count(b"HTTP/1.1") == 1
    assert len(server.heard) == 1


SMUGGLED = b"GET /metrics HTTP/1.1\r\nHost: own.test\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 0", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 44"],
        ["Content-Length: 0", "Content-Length: 44"],
        ["Content-Length: +4"],
        ["Content-Length: -1"],
        ["Content-Length: 4 4"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["X: y\r\n folded", "Content-Length: 0", "Transfer-Encoding: chunked"],
        ["Host: other.test"],
        ["Content-Length: 4\0"],
    ],
)
async def test_a_body_whose_end_is_said_in_two_ways_is_refused(headers: list[str]) -> None:
    async with serving(saying("200 OK", b"[]")) as server:
        policy = Policy(own_api=OwnApi("own.test", server.port, is_tls=False))
        async with proxying(policy, NAMES) as site:
            address = f"http://own.test:{server.port}/v1"
            answer = await site.say(
                get(address, *headers, method="POST", body=b"0\r\n\r\n" + SMUGGLED)
            )

    assert refusal_of(answer) == (400, "bad_request")
    assert server.heard == []


@pytest.mark.parametrize("body", [b"zz\r\nab\r\n", b"2\r\nabcd\r\n0\r\n\r\n", b"-1\r\n\r\n"])
async def test_a_broken_body_ends_the_request(body: bytes) -> None:
    async def listen(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(10)

    async with serving(listen) as server:
        chunked = "Transfer-Encoding: chunked"
        request = get(f"http://files.test:{server.port}/", chunked, method="POST", body=body)
        answer = await through(server.port, request)

    assert refusal_of(answer) == (400, "bad_request")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_not_passed_on(said: bytes) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with serving(answer) as server:
        asked = get(f"http://files.test:{server.port}/", "Upgrade: websocket")
        heard = await through(server.port, asked)

    assert refusal_of(heard) == (502, "bad_answer")


async def test_an_answer_that_breaks_off_looks_broken() -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nrows\r\n")

    async with serving(break_off) as server:
        heard = await through(server.port, get(f"http://files.test:{server.port}/"))

    assert b"4\r\nrows\r\n" in heard
    assert not heard.endswith(b"0\r\n\r\n")


async def through(port: int, request: bytes) -> bytes:
    async with proxying(listing(f"files.test:{port}"), NAMES) as site:
        return await site.say(request)
