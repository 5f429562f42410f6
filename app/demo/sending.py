"""Sending the sample as integrations do: a storm of single requests, and batches."""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import httpx

CONNECTIONS = 64
BATCH = 500
_TRIES = 20

Acknowledged = dict[str, str]
Step = Callable[[int], None]
Connect = Callable[[], httpx.AsyncClient]


def connecting(url: str, key: str) -> Connect:
    """Makes clients of one connection each.

    One client with a pool of 64 looks at every connection for every request; 64 clients do not.
    """
    shared = ssl.create_default_context()

    def connect() -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            verify=shared,
            trust_env=False,
        )

    return connect


async def send_singly(
    connect: Connect, items: Sequence[dict[str, Any]], done: Step
) -> Acknowledged:
    """One request each over 64 connections; the id that each external id was given."""
    waiting = iter(items)
    acknowledged: Acknowledged = {}

    async def connection() -> None:
        async with connect() as http:
            for item in waiting:
                answer = await _post(http, "/v1/responses", item)
                acknowledged[item["external_id"]] = answer["id"]
                done(1)

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return acknowledged


async def send_in_batches(
    http: httpx.AsyncClient, items: Sequence[dict[str, Any]], done: Step
) -> Acknowledged:
    """Five hundred a request; the id that each external id was given."""
    acknowledged: Acknowledged = {}
    for batch in _batches(iter(items)):
        answer = await _post(http, "/v1/responses/batch", {"responses": batch})
        acknowledged.update({result["external_id"]: result["id"] for result in answer["results"]})
        done(len(batch))
    return acknowledged


def _batches(items: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(items, BATCH)):
        yield batch


async def _post(http: httpx.AsyncClient, path: str, body: Any) -> dict[str, Any]:
    """Post until it is acknowledged, as a careful sender does; every item has its external id."""
    for _ in range(_TRIES):
        try:
            answer = await http.post(path, json=body)
        except httpx.TransportError:
            await asyncio.sleep(0.5)
            continue
        if answer.status_code in (429, 503):
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
            continue
        answer.raise_for_status()
        read: dict[str, Any] = answer.json()
        return read
    raise RuntimeError("the API does not answer")
