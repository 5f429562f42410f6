"""When the stack can be used: the API answers, and says that it has all it needs."""

import asyncio
from pathlib import Path

import httpx

from app.embedded.terminal import Say

_PAUSE = 0.1
_PATIENCE = 60.0  # seconds until a person is told to look into the log


async def until_ready(url: str, *, log: Path, tell: Say) -> None:
    """Wait for `/healthz` and `/readyz`, for ever: a supervisor keeps trying too."""
    loop = asyncio.get_running_loop()
    hint_at = loop.time() + _PATIENCE
    # A proxy of the environment has no business with the loopback address.
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=5) as client:
        while not (await _is_fine(client, "/healthz") and await _is_fine(client, "/readyz")):
            if loop.time() > hint_at:
                hint_at += _PATIENCE
                tell(f"The API is not ready yet; {log} may tell why.")
            await asyncio.sleep(_PAUSE)


async def _is_fine(client: httpx.AsyncClient, path: str) -> bool:
    try:
        return (await client.get(path)).is_success
    except httpx.HTTPError:
        return False
