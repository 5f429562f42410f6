"""Whose turn it is: round robin over the campaign's owners, else the account's.

Taken last of all locks, so nobody who waits here holds up anything else.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from app.core.driver import Transaction, driver_of

_TAKE_TURNS = """
INSERT INTO owner_turns AS t (account_id, list_id, taken)
SELECT $1, list_id, n FROM unnest($2::uuid[], $3::bigint[]) AS w(list_id, n) ORDER BY list_id
ON CONFLICT (account_id, list_id) DO UPDATE SET taken = t.taken + excluded.taken
RETURNING list_id, taken
"""


async def assign(
    session: Transaction,
    account_id: UUID,
    campaigns: Sequence[UUID],
    *,
    own: Mapping[UUID, Sequence[str]],
    shared: Sequence[str],
) -> list[str | None]:
    """The owner of each of these qualified responses, in their order; None where nobody is listed.

    Args:
        campaigns: the campaign of each response.
        own: owners of the campaigns that have their own.
        shared: the account's owners, for all others.
    """
    lists = [campaign if own.get(campaign) else account_id for campaign in campaigns]
    wanted: dict[UUID, int] = defaultdict(int)
    for list_id in lists:
        if own.get(list_id) or shared:
            wanted[list_id] += 1
    if not wanted:
        return [None] * len(campaigns)
    driver = await driver_of(session)
    rows = await driver.fetch(_TAKE_TURNS, account_id, list(wanted), list(wanted.values()))
    turn = {row["list_id"]: row["taken"] - wanted[row["list_id"]] for row in rows}
    owners: list[str | None] = []
    for list_id in lists:
        names = own.get(list_id) or shared
        owners.append(names[turn[list_id] % len(names)] if names else None)
        turn[list_id] = turn.get(list_id, 0) + 1
    return owners
