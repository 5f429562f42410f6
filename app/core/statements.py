"""Several writes as one statement: one round trip, each table still written once.

    WITH born AS (INSERT … RETURNING 1), queued AS (INSERT … RETURNING 1)
    SELECT (SELECT count(*) FROM born) AS born, (SELECT count(*) FROM queued) AS queued

The parts run in the order in which they were added, which is the order of locks. All of them see
the tables as they stood before the statement; a part may read what another one returns, by name.
"""

import re
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

from app.core.driver import Driver, Row

_PLACE = re.compile(r"\$(\d+)")


class Parts:
    """Writes that are sent together."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._parts: list[tuple[str, int]] = []
        self._arguments: list[Any] = []
        self._expected: dict[str, int] = {}

    def add(self, name: str, sql: str, *arguments: Any, rows: int | None = None) -> None:
        """Add a write that ends with RETURNING; its own parameters count from $1.

        Args:
            name: what other parts may call it.
            rows: how many it has to write, where another transaction may have been first.
        """
        self._names.append(name)
        self._parts.append((sql, len(arguments)))
        self._arguments += arguments
        if rows is not None:
            self._expected[name] = rows

    def unused(self, name: str) -> str:
        """This name, numbered where a part has it already.

        An account's id in it would make one more statement for each account.
        """
        taken = sum(1 for one in self._names if one.partition("__")[0] == name)
        return f"{name}__{taken + 1}" if taken else name

    async def write(self, driver: Driver) -> bool:
        """Send them; False if one wrote another number of rows than it has to."""
        if not self._names:
            return True
        sql = _statement(tuple(self._names), tuple(self._parts))
        written = await driver.fetchrow(sql, *self._arguments)
        assert written is not None  # noqa: S101  (a SELECT without FROM)
        return self._has_all(written)

    async def read(self, driver: Driver, sql: str, *arguments: Any) -> list[Row] | None:
        """Send them with a query of what they return; None if it finds nothing, or if one wrote
        another number of rows than it has to.

        Args:
            sql: what to read; its own parameters count from $1.
        """
        sql = _statement(tuple(self._names), tuple(self._parts), query=sql)
        rows = await driver.fetch(sql, *self._arguments, *arguments)
        return list(rows) if rows and self._has_all(rows[0]) else None

    def _has_all(self, written: Row) -> bool:
        return all(written[name] == rows for name, rows in self._expected.items())


@lru_cache(maxsize=256)
def _statement(
    names: Sequence[str], parts: Sequence[tuple[str, int]], *, query: str | None = None
) -> str:
    written, shift = [], 0
    for name, (sql, width) in zip(names, parts, strict=True):
        written.append(f"{name} AS ({_PLACE.sub(partial(_shifted, by=shift), sql)})")
        shift += width
    asked = ", ".join(f"(SELECT count(*) FROM {name}) AS {name}" for name in names)
    if query is not None:
        asked = f"q.*, {asked} FROM ({_PLACE.sub(partial(_shifted, by=shift), query)}) q"
    return f"WITH {', '.join(written)} SELECT {asked}"


def _shifted(place: re.Match[str], by: int) -> str:
    return f"${int(place[1]) + by}"
