"""After the faults: is everything acknowledged there, once, and nothing left undone?

ledger ──▶ every 2xx has its record, every record its item          promise 1
laws   ──▶ scored, counted, announced, resolved once                promises 2, 3, 5
rows   ──▶ every row of a file has one end, every end its record
undone ──▶ nothing due, leased or running                           nothing forgotten
"""

from collections import defaultdict

import asyncpg

from tests.faults.invariants import LAWS, UNDONE
from tests.faults.ledger import MARK, Ledger, Place
from tests.faults.processes import PATIENCE_SECONDS, until
from tests.faults.rows import misdone, take_down

_SHOWN = 5
_KEYS = """
SELECT a.name AS account, u.name AS "user", k.external_id AS mark, k.response_id::text AS id
  FROM intake_keys k JOIN accounts a ON a.id = k.account_id
  JOIN users u ON u.account_id = k.account_id AND u.id = k.user_id
"""
_MARKED = f"""
SELECT a.name AS account, r.user_name AS "user", r.attributes ->> '{MARK}' AS mark,
       r.id::text AS id
  FROM responses r JOIN accounts a ON a.id = r.account_id
 WHERE r.attributes ? '{MARK}'
"""


class Broken(AssertionError):
    """Something does not add up; the message lists what."""


async def settled(database_url: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until nothing is left to do.

    Raises:
        Broken: the time is over, and something still is.
    """
    connection = await asyncpg.connect(database_url)
    try:

        async def is_quiet() -> bool:
            return not await _found(connection, UNDONE)

        try:
            await until(is_quiet, seconds=seconds)
        except TimeoutError:
            found = await _found(connection, UNDONE)
            raise Broken(f"not quiet after {seconds:g} s: {found}") from None
    finally:
        await connection.close()


async def check(database_url: str, ledger: Ledger) -> None:
    """Hold the database against the laws and against what clients were told.

    Raises:
        Broken: with every breach.
    """
    connection = await asyncpg.connect(database_url)
    try:
        breaches = [*ledger.improper, *await _found(connection, UNDONE)]
        breaches += await _found(connection, LAWS)
        breaches += await misdone(connection, ledger)
        await take_down(connection, ledger)
        breaches += await _unkept(connection, ledger)
    finally:
        await connection.close()
    if breaches:
        raise Broken("\n".join(breaches))


async def _found(connection: asyncpg.Connection, laws: dict[str, str]) -> list[str]:
    """Each law that is broken, with the first rows that break it; all of one moment.

    Else a run could end, and tell of it, after its events were looked for and before the runs.
    """
    breaches = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for law, sql in laws.items():
            rows = await connection.fetch(f"SELECT * FROM ({sql}) AS breach LIMIT {_SHOWN}")
            if rows:
                breaches.append(f"{law}: {[dict(row) for row in rows]}")
    return breaches


async def _unkept(connection: asyncpg.Connection, ledger: Ledger) -> list[str]:
    """Where the database and the clients do not agree about an item."""
    kept: dict[Place, list[str]] = defaultdict(list)
    for sql in (_KEYS, _MARKED):
        for row in await connection.fetch(sql):
            kept[Place(row["account"], row["user"], row["mark"])].append(row["id"])
    breaches = []
    for place, sent in ledger.sent.items():
        told = {result["id"] for result in sent.told}
        there = kept.pop(place, [])
        if not told:
            breaches.append(f"{place} was never answered")
        elif len(there) != 1 or told != set(there):
            breaches.append(f"{place} was told {told}, kept is {there}")
    breaches += [f"nobody sent {place}: {ids}" for place, ids in kept.items()]
    return breaches[: 4 * _SHOWN]
