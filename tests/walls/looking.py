"""What there is of an account in the database, and what of it can be told from a text."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TypeAlias
from uuid import UUID

import asyncpg

Rows = dict[str, list[str]]
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BYTES = re.compile(r"\\+x((?:[0-9a-f]{2})+)")  # as PostgreSQL writes them
_TABLES = """
    SELECT c.relname::text AS name, a.attname::text AS owner
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND (a.attname = 'account_id' OR (c.relname = 'accounts' AND a.attname = 'id'))
     ORDER BY 1, 2
"""


@asynccontextmanager
async def looking_at(database_url: str) -> AsyncIterator[Connection]:
    """A connection as the owner of the tables, which plans what is asked again only once: for
    `rows_of` that takes longer than to find the rows.
    """
    connection = await asyncpg.connect(
        database_url,
        max_cacheable_statement_size=0,
        server_settings={"plan_cache_mode": "force_generic_plan"},
    )
    try:
        yield connection
    finally:
        await connection.close()


async def rows_of(connection: Connection, account_id: UUID) -> Rows:
    """Every row of an account as text, by table; read as the owner of the tables."""
    tables = await connection.fetch(_TABLES)
    found: Rows = {table["name"]: [] for table in tables}
    every = " UNION ALL ".join(
        f"""SELECT '{table["name"]}' AS name, t::text AS row FROM "{table["name"]}" t"""
        f" WHERE {table['owner']} = $1"
        for table in tables
    )
    for row in await connection.fetch(every, account_id):
        found[row["name"]].append(_BYTES.sub(_as_text, row["row"]))
    return {name: sorted(rows) for name, rows in found.items()}


def ids_in(rows: Rows, but: Iterable[UUID] = ()) -> set[str]:
    """Every UUID that stands in the rows, the given ones apart."""
    return set(_UUID.findall(written(rows))) - {str(one) for one in but}


def seen_in(text: str, words: Iterable[str]) -> list[str]:
    """Which of the words a text holds, with or without a UUID's hyphens."""
    folded = text.lower().replace("-", "")
    return [word for word in words if word.lower().replace("-", "") in folded]


def written(rows: Rows) -> str:
    return "\n".join(_all(rows))


def _all(rows: Rows) -> Iterable[str]:
    return (row for table in rows.values() for row in table)


def _as_text(found: re.Match[str]) -> str:
    # What is sealed or packed is no text; what of it looks like some must still be nobody's.
    return bytes.fromhex(found[1]).decode(errors="replace")
