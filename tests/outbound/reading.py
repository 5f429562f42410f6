"""Reading from a server of the tests, as a sandbox does unless told otherwise."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from app.core.outbound.fetching import fetch


class Names:
    """A resolver: each question gets the next of the answers, the last one over and over."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def read(address: str, headers: dict[str, str] | None = None, **options: Any) -> bytes:
    options = {"allow_private": True} | options
    async with aclosing(fetch(address, headers, **options)) as chunks:
        return b"".join([chunk async for chunk in chunks])
