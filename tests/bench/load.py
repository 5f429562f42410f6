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
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, cast

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"

Due = tuple[bytes, float]


class Run:
    """What is left to send, and what came back."""

    def __init__(self, requests: list[bytes]) -> None:
        self._left = iter(requests)
        self._missing = len(requests)
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self, by: "Connection") -> Due | None:
        """What a free connection sends next, and since when it is due: now."""
        request = next(self._left, None)
        return None if request is None else (request, time.perf_counter())

    def answered(self, status: str, seconds: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(seconds)
        self._missing -= 1
        if not self._missing:
            self.over.set_result(None)

    def lost(self, connection: "Connection", reason: str) -> None:
        """The server has closed one."""
        self.broke(f"the server closed a connection: {reason}")

    def broke(self, reason: str) -> None:
        if not self.over.done():
            self.over.set_exception(ConnectionError(reason))


class Connection(asyncio.Protocol):
    """One kept connection: the next request goes out when the last answer is in."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._buffer = b""
        self._needed = 0
        self._since = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What uvloop gives is one in all but its class.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost(self, str(exc))

    def send_next(self) -> None:
        due = self._run.take(self)
        if due is not None:
            self.send(*due)

    def send(self, request: bytes, since: float) -> None:
        """Send it; the answer's latency counts from `since`."""
        if self._transport is not None:
            self._since = since
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
            self._run.answered(buffer[9:12].decode(), time.perf_counter() - self._since)
            self.send_next()


def requests_of(spec: dict[str, Any]) -> list[bytes]:
    """Every request as it goes over the wire; the bodies lie in a file, one a line."""
    lines = [f"POST {spec['path']} HTTP/1.1", f"Host: 127.0.0.1:{spec['port']}"]
    lines += ["Content-Type: application/json", f"Authorization: Bearer {spec['token']}"]
    head = "\r\n".join([*lines, "Content-Length: "]).encode()
    bodies = Path(spec["bodies"]).read_bytes().splitlines()
    return [head + str(len(body)).encode() + _END + body for body in bodies]


async def connect(run: Run, spec: dict[str, Any]) -> list[Connection]:
    """Every connection, open; whoever started us is told."""
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(lambda: Connection(run), "127.0.0.1", spec["port"]))[1]
        for _ in range(spec["connections"])
    ]
    print("ready", flush=True)  # noqa: T201  # whoever started us waits for it
    return connections


async def attack(spec: dict[str, Any]) -> dict[str, Any]:
    """Send everything; how it went."""
    run = Run(requests_of(spec))
    connections = await connect(run, spec)
    await asyncio.to_thread(sys.stdin.readline)
    began = time.monotonic()
    for connection in connections:
        connection.send_next()
    try:
        await run.over
    except ConnectionError as error:
        return {"error": str(error)}
    return outcome_of(run, began=began, ended=time.monotonic())


def outcome_of(run: Run, *, began: float, ended: float) -> dict[str, Any]:
    """How it went: statuses, from when until when, latencies."""
    return {
        "statuses": run.statuses,
        "began": began,
        "ended": ended,
        "p50": share_of(run.latencies, 50),
        "p99": share_of(run.latencies, 99),
    }


def share_of(values: Sequence[float], percent: int) -> float:
    """What so many percent of the values are below; there is at least one."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def talk(attack: Callable[[dict[str, Any]], Coroutine[Any, Any, dict[str, Any]]]) -> None:
    """The first line in, the outcome out."""
    spec = json.loads(sys.stdin.readline())
    try:
        import uvloop  # noqa: PLC0415  # a faster loop, where there is one
    except ImportError:
        outcome = asyncio.run(attack(spec))
    else:
        outcome = uvloop.run(attack(spec))
    print(json.dumps(outcome), flush=True)  # noqa: T201  # the outcome


if __name__ == "__main__":
    talk(attack)
