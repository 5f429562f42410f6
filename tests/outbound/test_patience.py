"""Servers that take forever, send without end or break off: they are left, and it is said why."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.core.errors import AppError
from app.core.outbound.errors import NotReached, TooMuch, TooSlow
from app.core.outbound.requests import Patience
from tests.outbound.reading import read
from tests.outbound.servers import serving

SHORT = Patience(
    connect=timedelta(seconds=5),
    read=timedelta(seconds=5),
    total=timedelta(seconds=0.5),
)
LONG = Patience(most_bytes=1_000_000)


async def test_a_server_that_drips_is_left_at_the_deadline() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    assert await fails_of(drip, SHORT) is TooSlow


async def test_a_server_that_drips_its_headers_is_left_as_well() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"x: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    assert await fails_of(drip, SHORT) is TooSlow


async def test_a_silent_server_is_left() -> None:
    async def keep_silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    patience = Patience(read=timedelta(seconds=0.1))
    assert await fails_of(keep_silent, patience) is TooSlow


async def test_an_endless_body_is_cut() -> None:
    sent = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent += 65536
            await writer.drain()

    assert await fails_of(pour) is TooMuch
    assert sent < 20_000_000


async def test_a_body_that_declares_too_much_is_not_read() -> None:
    async def declare(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000001\r\n\r\n")
        await asyncio.sleep(0.3)

    assert await fails_of(declare) is TooMuch


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nrows",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 200_000,
        b"",
    ],
)
async def test_what_breaks_off_or_is_no_http_is_no_file(said: bytes) -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    assert await fails_of(break_off) is NotReached


async def fails_of(deed: Any, patience: Patience = LONG) -> type[AppError]:
    async with serving(deed) as server:
        with pytest.raises(AppError) as failed:
            await read(server.at(), patience=patience)
    return failed.type
