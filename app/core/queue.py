"""The doorbell: after a commit, wake a worker now instead of at its next sweep.

A ring carries ids only and may be lost, doubled or late without harm: whatever is to be done is
a row in PostgreSQL. Sending happens in a background task, so a dead or slow Redis neither delays
nor fails an answer. This module and the worker's entry are the only ones that know arq.

    unit of work ── note() ──▶ bounded list ── background task, 100 ms timeout ──▶ arq
                                   │ full: dropped        │ failed: dropped, 1 s pause
"""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgpack
from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from app.core import log, metrics
from app.core.driver import Transaction

_log = log.get(__name__)

SEND_TIMEOUT_SECONDS = 0.1
PAUSE_SECONDS = 1.0
# The first ring of a lane goes out at once, the next ones together a little later: who was woken
# is still at work, and a storm's rings cost worker and Redis more than the work they announce.
AGAIN_SECONDS = 0.25
_LOOK_SECONDS = 0.02
ROOM = 10_000


class Queue(StrEnum):
    """One arq queue per temper of work, so that bulk never stands before a person."""

    INTERACTIVE = "penstock:interactive"
    BULK = "penstock:bulk"
    MAINTENANCE = "penstock:maintenance"


class Task(StrEnum):
    """Every function a ring can ask for."""

    DRAIN_LANE = "drain_lane"
    WORK_ON_RUN = "work_on_run"
    ADVANCE_GROUP = "advance_group"


QUEUE_OF = {
    Task.DRAIN_LANE: Queue.INTERACTIVE,
    Task.WORK_ON_RUN: Queue.BULK,
    Task.ADVANCE_GROUP: Queue.INTERACTIVE,
}


@dataclass(frozen=True, slots=True)
class Ring:
    """Asks for one task on one row."""

    task: Task
    account_id: UUID
    subject_id: UUID


def ring_after(session: Transaction, ring: Ring) -> None:
    """Ring once this session's unit of work has committed; nothing happens if it does not."""
    session.info.setdefault("rings", {})[ring] = None


def pack(value: dict[str, Any]) -> bytes:
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def unpack(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = msgpack.unpackb(data, raw=False)
    return value


def redis_settings(url: str) -> RedisSettings:
    """arq's connection, told to retry: by itself it gives up, and the worker with it."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_retries = 0
    settings.retry_on_timeout = True
    settings.retry_on_error = [ConnectionError, OSError]
    settings.retry = Retry(ExponentialBackoff(cap=1.0, base=0.05), 3)
    return settings


class Doorbell:
    """Sends rings in the background; use as an async context manager around a process."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._waiting: dict[Ring, None] = {}
        self._sent_at: dict[Ring, float] = {}
        self._noted = asyncio.Event()
        self._redis: ArqRedis | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Doorbell":
        self._task = asyncio.create_task(self._send_forever(), name="doorbell")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._drop_connection()

    def note(self, rings: Iterable[Ring]) -> None:
        """Remember rings to send; past the room for them they are dropped and the sweep helps."""
        for ring in rings:
            if len(self._waiting) >= ROOM:
                metrics.RINGS_DROPPED.inc()
                return
            self._waiting[ring] = None
            self._noted.set()

    async def is_reachable(self) -> bool:
        """Whether Redis answers a PING within the timeout of a ring."""
        try:
            async with asyncio.timeout(1.0):
                redis = await self._connection()
                return bool(await redis.ping())
        except (TimeoutError, OSError, RedisError):
            return False

    async def _send_forever(self) -> None:
        while True:
            await self._noted.wait()
            for ring in self._take_ripe(time.monotonic()):
                if not await self._send(ring):
                    await asyncio.sleep(PAUSE_SECONDS)
                    break
            if not self._waiting:
                self._noted.clear()
            await asyncio.sleep(_LOOK_SECONDS)

    def _take_ripe(self, now: float) -> list[Ring]:
        """Those of the waiting rings that were not sent a moment ago."""
        self._sent_at = {r: at for r, at in self._sent_at.items() if at > now - AGAIN_SECONDS}
        ripe = [ring for ring in self._waiting if ring not in self._sent_at]
        for ring in ripe:
            del self._waiting[ring]
            self._sent_at[ring] = now
        return ripe

    async def _send(self, ring: Ring) -> bool:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                redis = await self._connection()
                await redis.enqueue_job(
                    ring.task.value,
                    str(ring.account_id),
                    str(ring.subject_id),
                    _queue_name=QUEUE_OF[ring.task],
                )
        except (TimeoutError, OSError, RedisError) as error:
            metrics.RINGS_FAILED.inc()
            _log.warning("ring_failed", error=type(error).__name__)
            await self._drop_connection()
            return False
        metrics.RINGS_SENT.inc()
        return True

    async def _connection(self) -> ArqRedis:
        if self._redis is None:
            self._redis = await create_pool(
                redis_settings(self._url), job_serializer=pack, job_deserializer=unpack
            )
        return self._redis

    async def _drop_connection(self) -> None:
        redis, self._redis = self._redis, None
        if redis is not None:
            with contextlib.suppress(OSError, RedisError, TimeoutError):
                async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                    await redis.aclose()
