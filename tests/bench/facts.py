"""What the figures were measured on."""

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from redis.asyncio import Redis

from tests.bench.stand import SAFEGUARDS, Stand

_PAGE = b"x" * 8192


async def facts(stand: Stand) -> list[str]:
    """Cores, memory, versions, the server's safeguards as it tells them itself, the disk."""
    shown = [f"{name} {await stand.show(name)}" for name in SAFEGUARDS]
    return [
        f"{len(os.sched_getaffinity(0))} cores, {_memory_gb():.0f} GB",
        f"Python {platform.python_version()}",
        f"PostgreSQL {(await stand.show('server_version')).split()[0]} ({', '.join(shown)})",
        f"Valkey {await _valkey(stand)}",
        f"writing 8 kB and fsync: {_fsync_seconds(stand.folder) * 1_000:.2f} ms (median of 100)",
    ]


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


async def _valkey(stand: Stand) -> str:
    redis = Redis.from_url(stand.valkey.url())
    told = await redis.info("server")
    await redis.aclose()
    return str(told.get("valkey_version") or told["redis_version"])


def _fsync_seconds(folder: Path) -> float:
    taken = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(100):
            began = time.perf_counter()
            file.write(_PAGE)
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)
