"""What there is of an account in the database, and what of it can be told from a text."""

import re
from collections.abc import Iterable
from uuid import UUID

import asyncpg

Rows = dict[str, list[str]]

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BYTES = re.compile(r"\\+x((?:[0-9a-f]{2})+)")  # as PostgreSQL writes them
_TABLES = """
    SELECT c.relname::text AS name, a.attname::text AS owner
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND (a.attname = 'account_id' OR (c.relname = 'accounts' AND a.attname = 'id'))
"""


async def rows_of(database_url: str, account_id: UUID) -> Rows:
    """Every row of an account as text, by table; read as the owner of the tables."""
    connection = await asyncpg.connect(database_url)
    try:
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
    finally:
        await connection.close()


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
