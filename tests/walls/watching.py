"""A stranger at work, watched: nothing of the owner's account may come to light or change."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from app.models import INSTALLATION
from app.sequences.planning import IDS
from tests.conftest import Tenant
from tests.walls.looking import Rows, ids_in, rows_of, seen_in, written
from tests.walls.place import Place

# What differs between any two answers, whatever they say.
_OF_THE_MOMENT = {"x-request-id", "ratelimit", "etag", "content-length", "location"}


@dataclass
class Watch:
    """Looks at every answer to the stranger, and at the end of the block at everything else."""

    place: Place
    stranger: Tenant
    lines: Callable[[], str]
    sent: set[str] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self.before = await self._rows_of(self.place.owner.tenant)
        self.logged = len(self.lines())
        self.marks = list(self.place.owner.marks)
        self.ids = ids_in(self.before, but=[INSTALLATION, *IDS.values()])
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            await self._look_around()

    async def send(
        self, method: str, path: str, *, names: Sequence[str] = (), **parts: Any
    ) -> httpx.Response:
        """Send a request that names these things of the owner's."""
        answer = await self.stranger.http.request(method, path, **parts)
        self._look_at(answer, names)
        self.sent.update(names)
        return answer

    def _look_at(self, answer: httpx.Response, names: Sequence[str]) -> None:
        """No text and no id of the owner's is in the answer, but for what was sent."""
        said = f"{answer.headers} {answer.text}"
        for name in names:
            said = said.replace(name, "")
        assert_silent(said, [*self.marks, *self.ids], "the answer")
        assert answer.status_code < 500, answer.text

    async def _look_around(self) -> None:
        logged = self.lines()[self.logged :]
        assert '"event": "request"' in logged
        assert_silent(logged, [*self.marks, *self.ids], "the log")
        # A text that the stranger sent may be the name of something of its own; an id never.
        mine = written(await self._rows_of(self.stranger))
        kept = {mark for mark in self.marks if not seen_in(" ".join(self.sent), [mark])}
        assert_silent(mine, [*kept, *self.ids], "the stranger's account")
        after = await self._rows_of(self.place.owner.tenant)
        changed = [name for name, rows in after.items() if rows != self.before[name]]
        assert changed == [], f"the stranger changed the owner's {changed}"

    async def _rows_of(self, tenant: Tenant) -> Rows:
        return await rows_of(self.place.eye, tenant.account_id)


def assert_silent(text: str, secrets: Iterable[str], about: str) -> None:
    seen = seen_in(text, secrets)
    assert seen == [], f"{about} tells of the owner's {seen}"


def gist_of(answer: httpx.Response, *names: str) -> tuple[int, dict[str, str], str]:
    """What an answer says, its moment and the names that were sent left out."""
    headers = {
        name: said for name, said in answer.headers.items() if name.lower() not in _OF_THE_MOMENT
    }
    body = _without_moment(answer.json()) if answer.content else None
    said = json.dumps(body, sort_keys=True)
    for name in names:
        said = said.replace(name, "…")
    return answer.status_code, headers, said


def _without_moment(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return {
        name: said
        for name, said in body.items()
        if name != "request_id" and not name.endswith("_at")
    }
