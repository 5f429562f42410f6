"""Two hundred megabytes pass without being kept."""

import asyncio

import psutil
import pytest

from tests.outbound.servers import serving
from tests.proxying.making import connect, get, listing, proxying

PIECE = b"x" * 65536
PIECES = 3_200


@pytest.mark.parametrize("way", ["tunnel", "plain"])
async def test_memory_stays_flat(way: str) -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (PIECES * len(PIECE)))
        for _ in range(PIECES):
            writer.write(PIECE)
            await writer.drain()

    async with serving(pour) as server:
        place = f"files.test:{server.port}"
        async with proxying(listing(place), {"files.test": ["127.0.0.1"]}) as site:
            reader, writer = await site.connect()
            plain = get(f"http://{place}/")
            writer.write(plain if way == "plain" else connect(place) + b"GET / HTTP/1.1\r\n\r\n")
            process = psutil.Process()
            before = most = process.memory_info().rss
            arrived = 0
            while chunk := await reader.read(2**20):
                arrived += len(chunk)
                most = max(most, process.memory_info().rss)
                if arrived < 2**21:  # a reader that begins slowly
                    await asyncio.sleep(0.01)
            writer.close()
            use = site.use_of("files.test")

    assert arrived > PIECES * len(PIECE)
    assert use.bytes_in > PIECES * len(PIECE)
    assert most - before < 16 * 2**20
