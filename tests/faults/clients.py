"""Clients as careful integrations are: they repeat what got no answer, under the same id.

attempt ──▶ 2xx ──▶ noted in the ledger
   ▲   ├──▶ 503 with Retry-After ─┐
   │   ├──▶ broken connection ────┤ only where its API has died or was asked to end
   └───┴──────────────────────────┘
       └──▶ anything else: improper
"""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import httpx

from tests.faults.ledger import Json, Ledger, SentFile
from tests.faults.rows import csv_of
from tests.faults.services import Door

RESPONSES, BATCH = "/v1/responses", "/v1/responses/batch"
IMPORTS = "/v1/imports?object=responses"
_PROBLEM = "application/problem+json"
# Sooner than any Retry-After asks for: the storm is short.
_PAUSE_SECONDS = 0.1
# An API closes what is idle for five seconds, perhaps just as the next request is on its way. By
# then it has been idle for longer than its client thinks, which may have read its answer late.
_FRESH_SECONDS, _IDLE_SECONDS = 1, 3


class Improper(Exception):
    """An answer, or a silence, that nothing excuses."""


class Client:
    """One user of one account, on one connection at a time."""

    def __init__(
        self, ledger: Ledger, doors: Sequence[Door], key: str, *, account: str, user: str
    ) -> None:
        self._ledger = ledger
        self._doors = doors
        self._key = key
        self._open: tuple[Door, int, httpx.AsyncClient] | None = None
        self._used_at = 0.0
        self.account, self.user = account, user

    async def single(self, body: Json) -> Json:
        """One item; without an external id it goes under its mark as `Idempotency-Key`."""
        sent = self._ledger.note(self.account, self.user, body)
        answer = await self.ask("POST", RESPONSES, body, key=sent.key)
        sent.told.append(answer)
        return answer

    async def batch(self, bodies: Sequence[Json]) -> Json:
        """Many items in one request."""
        sent = [self._ledger.note(self.account, self.user, body) for body in bodies]
        answer = await self.ask("POST", BATCH, {"responses": list(bodies)})
        for each, result in zip(sent, answer["results"], strict=True):
            each.told.append(result)
        return answer

    async def file(self, rows: Sequence[Json], *, key: str) -> Json:
        """Rows as a file that is imported at once; sent again under its key, it is one import."""
        columns, cells = csv_of(rows)
        content = "".join(f"{','.join(line)}\n" for line in [columns, *cells]).encode()
        upload = await self.ask("POST", IMPORTS, content=content, key=key)
        sent = SentFile(self.account, self.user, tuple(columns), cells, upload["id"])
        self._ledger.files.append(sent)
        return upload

    async def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        content: bytes | None = None,
        key: str | None = None,
    ) -> Json:
        """Ask until it is answered with a 2xx.

        Raises:
            Improper: it was answered by something else; noted in the ledger, too.
        """
        headers = {"Idempotency-Key": key} if key else {}
        while True:
            answer = await self._attempt(method, path, json=body, content=content, headers=headers)
            if answer is not None:
                found: Json = answer.json()
                return found
            await asyncio.sleep(_PAUSE_SECONDS)

    def twin(self) -> "Client":
        """Another client of the same user."""
        return Client(self._ledger, self._doors, self._key, account=self.account, user=self.user)

    async def leave(self) -> None:
        if self._open is not None:
            await self._open[2].aclose()
            self._open = None

    async def _attempt(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """The answer, or None where asking again is right."""
        self._ledger.attempts += 1
        door, generation, http = await self._through()
        try:
            answer = await http.request(method, path, **request)
        except httpx.TransportError as error:
            await self.leave()
            idle = time.monotonic() - self._used_at
            # It was fresh when it was chosen, but who is slow to use it finds it closed.
            if idle >= _IDLE_SECONDS:
                return None
            self._ledger.silences[type(error).__name__] += 1
            if not await door.excuses(generation):
                what = f"{path}: {error!r} of a living API, {idle:.2f} s after the last answer"
                raise self.improper(what) from None
            return None
        self._used_at = time.monotonic()
        door.greeted = generation
        self._ledger.answers[answer.status_code] += 1
        if answer.is_success:
            return answer
        if is_proper_refusal(answer):
            self._ledger.refusals[answer.json()["code"]] += 1
            return None
        raise self.improper(f"{method} {path}: {answer.status_code} {answer.text[:300]}")

    async def _through(self) -> tuple[Door, int, httpx.AsyncClient]:
        """The open connection, if its API still lives; else one to any that is to stay."""
        if self._open is not None:
            door, generation, _ = self._open
            is_fresh = time.monotonic() - self._used_at < _FRESH_SECONDS
            if door.generation == generation and is_fresh:
                return self._open
            await self.leave()
        door = random.choice([d for d in self._doors if not d.is_asked_to_end] or self._doors)
        self._open = door, door.generation, door.connect(self._key)
        self._used_at = time.monotonic()
        return self._open

    def improper(self, what: str) -> Improper:
        """The error to raise for this; it is in the ledger then."""
        self._ledger.improper.append(what)
        return Improper(what)


def is_proper_refusal(answer: httpx.Response) -> bool:
    """503 that says when to come again, and why."""
    return (
        answer.status_code == 503
        and answer.headers.get("retry-after", "").isdigit()
        and answer.headers["content-type"] == _PROBLEM
    )
