"""python -m tests.bench.receivers: endpoints of webhooks in a process of their own.

Told how many are wanted and how many of them never answer, it says their ports; after that each
line it hears is answered with what has come so far. Events carry the moment at which they
happened, on the clock that all processes of a machine share.
"""

import asyncio
import json
import statistics
import sys
import time
from functools import partial
from typing import cast

import uvloop

# As servers do, they keep the connection for whatever comes next.
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Endpoint(asyncio.Protocol):
    """One connection: reads POSTs one by one, answers or does not, notes how late they came."""

    def __init__(self, *, hangs: bool, delays: list[float], ids: set[str]) -> None:
        self._hangs, self._delays, self._ids = hangs, delays, ids
        self._heard = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        self._heard += data
        _, found, body = self._heard.partition(b"\r\n\r\n")
        if not found or not body.endswith(b"}}") or self._hangs or self._transport is None:
            return
        self._heard = b""
        event = json.loads(body)
        self._ids.add(event["id"])
        self._delays.append(time.monotonic() - event["data"]["at"])
        self._transport.write(_ANSWER)


async def main() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    wanted = json.loads(await reader.readline())
    delays: list[float] = []
    ids: list[set[str]] = [set() for _ in range(wanted["endpoints"])]
    ports = []
    for number in range(wanted["endpoints"]):
        hangs = number < wanted["hanging"]
        server = await loop.create_server(
            partial(Endpoint, hangs=hangs, delays=delays, ids=ids[number]), "127.0.0.1", 0
        )
        ports.append(server.sockets[0].getsockname()[1])
    _say(ports)
    while await reader.readline():
        cuts = statistics.quantiles(delays, n=100) if len(delays) > 1 else [0.0] * 99
        _say(
            {
                "received": len(delays),
                "distinct": [len(seen) for seen in ids],
                "p50": cuts[49],
                "p99": cuts[98],
                "last": max(delays, default=0.0),
            }
        )


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
