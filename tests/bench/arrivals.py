"""The load generator with an open loop: requests arrive at a steady rate, whoever has answered.

As `load`, with a `rate` in its first line, until a third line says that it is over. What finds all
connections taken waits for one; latency counts from the moment at which a request was due.
"""

import asyncio
import sys
import time
from collections import deque
from typing import Any

from tests.bench.load import Connection, Due, Run, connect, outcome_of, requests_of, share_of, talk


class Arrivals(Run):
    """Requests that are due one after the other, and the connections that are free for them."""

    def __init__(self, requests: list[bytes]) -> None:
        super().__init__(requests)
        self._missing = 0
        # They take turns: the server closes one that nothing has come over for some seconds.
        self._free: deque[Connection] = deque()
        self._waiting: deque[Due] = deque()
        self._are_over = False
        self.lateness: list[float] = []

    def take(self, by: Connection) -> Due | None:
        if self._waiting:
            return self._waiting.popleft()
        self._free.append(by)
        return None

    def answered(self, status: str, seconds: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(seconds)
        self._missing -= 1
        self._end_if_done()

    def lost(self, connection: Connection, reason: str) -> None:
        if connection in self._free and len(self._free) > 1:
            self._free.remove(connection)
        else:
            super().lost(connection, reason)

    async def arrive(self, rate: float) -> None:
        """Let requests arrive until they are over or none is left."""
        began = time.perf_counter()
        for number, request in enumerate(self._left):
            due = began + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            if self._are_over or self.over.done():
                return
            self.lateness.append(time.perf_counter() - due)
            self._missing += 1
            if self._free:
                self._free.popleft().send(request, due)
            else:
                self._waiting.append((request, due))

    def end(self) -> None:
        """No more arrive; `over` once all answers are there."""
        self._are_over = True
        self._end_if_done()

    def _end_if_done(self) -> None:
        if self._are_over and not self._missing and not self.over.done():
            self.over.set_result(None)


async def attack(spec: dict[str, Any]) -> dict[str, Any]:
    """Let requests arrive until told; how it went."""
    run = Arrivals(requests_of(spec))
    for connection in await connect(run, spec):
        connection.send_next()
    await asyncio.to_thread(sys.stdin.readline)
    began = time.monotonic()
    arriving = asyncio.create_task(run.arrive(spec["rate"]))
    await asyncio.to_thread(sys.stdin.readline)
    run.end()
    try:
        await run.over
    except ConnectionError as error:
        return {"error": str(error)}
    await arriving
    if not run.latencies:
        return {"error": "nothing was sent"}
    late = share_of(run.lateness, 99)
    return {**outcome_of(run, began=began, ended=time.monotonic()), "late": late}


if __name__ == "__main__":
    talk(attack)
