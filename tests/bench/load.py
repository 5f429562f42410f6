"""The load generator: a process that sends prepared bytes over kept connections, closed loop.

It shares the machine's cores with whom it measures, so it reads no more of an answer than its
status and length. One line of JSON comes in on standard input, `ready` goes out; any second line
starts the clock; one line of JSON with the outcome goes out.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Run:
    """What is left to send, and what came back."""

    def __init__(self, requests: list[bytes]) -> None:
        self._left = iter(requests)
        self._missing = len(requests)
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> bytes | None:
        return next(self._left, None)

    def answered(self, status: str, seconds: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(seconds)
        self._missing -= 1
        if not self._missing:
            self.over.set_result(None)

    def broke(self, reason: str) -> None:
        if not self.over.done():
            self.over.set_exception(ConnectionError(reason))


class Connection(asyncio.Protocol):
    """One kept connection: the next request goes out when the last answer is in."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._buffer = b""
        self._needed = 0
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What uvloop gives is one in all but its class.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.broke(f"the server closed a connection: {exc}")

    def send_next(self) -> None:
        request = self._run.take()
        if request is not None and self._transport is not None:
            self._sent_at = time.perf_counter()
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data if self._buffer else data
        if not self._needed:
            end = buffer.find(_END)
            if end < 0:
                return
            head = buffer[:end].lower()
            start = head.find(_LENGTH)
            if start < 0:
                self._run.broke(f"an answer without a length: {head!r}")
                return
            length = head[start + len(_LENGTH) :].split(b"\r\n", 1)[0]
            self._needed = end + len(_END) + int(length)
        if len(buffer) >= self._needed:
            self._buffer, self._needed = b"", 0
            self._run.answered(buffer[9:12].decode(), time.perf_counter() - self._sent_at)
            self.send_next()


def requests_of(spec: dict[str, Any]) -> list[bytes]:
    """Every request as it goes over the wire; the bodies lie in a file, one a line."""
    lines = [f"POST {spec['path']} HTTP/1.1", f"Host: 127.0.0.1:{spec['port']}"]
    lines += ["Content-Type: application/json", f"Authorization: Bearer {spec['token']}"]
    head = "\r\n".join([*lines, "Content-Length: "]).encode()
    bodies = Path(spec["bodies"]).read_bytes().splitlines()
    return [head + str(len(body)).encode() + _END + body for body in bodies]


async def attack(spec: dict[str, Any]) -> dict[str, Any]:
    """Send everything; how it went."""
    loop = asyncio.get_running_loop()
    run = Run(requests_of(spec))
    connections = [
        (await loop.create_connection(lambda: Connection(run), "127.0.0.1", spec["port"]))[1]
        for _ in range(spec["connections"])
    ]
    print("ready", flush=True)  # noqa: T201  # whoever started us waits for it
    await asyncio.to_thread(sys.stdin.readline)
    began = time.monotonic()
    for connection in connections:
        connection.send_next()
    try:
        await run.over
    except ConnectionError as error:
        return {"error": str(error)}
    ended = time.monotonic()
    ordered = sorted(run.latencies)
    return {
        "statuses": run.statuses,
        "began": began,
        "ended": ended,
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
    }


def main() -> None:
    spec = json.loads(sys.stdin.readline())
    try:
        import uvloop  # noqa: PLC0415  # a faster loop, where there is one
    except ImportError:
        outcome = asyncio.run(attack(spec))
    else:
        outcome = uvloop.run(attack(spec))
    print(json.dumps(outcome), flush=True)  # noqa: T201  # the outcome


if __name__ == "__main__":
    main()
