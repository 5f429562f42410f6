"""How many responses stand where: appended as deltas, folded now and then, reads add both."""

from collections.abc import Iterable
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.rowsets import Given, as_rows
from app.core.statements import Parts
from app.models.states import ResponseStatus

Delta = tuple[UUID, UUID, ResponseStatus, int]

_APPEND = """
INSERT INTO status_deltas (account_id, campaign_id, status, n)
SELECT account_id, campaign_id, status, n FROM {rows}
RETURNING 1"""
_COLUMNS = (("account_id", "uuid"), ("campaign_id", "uuid"), ("status", "text"), ("n", "bigint"))
# One account at a time; rows of transactions still open are not seen and wait for the next fold.
_FOLD = """
WITH folded AS (
    DELETE FROM status_deltas WHERE account_id = $1 AND id IN (
        SELECT id FROM status_deltas WHERE account_id = $1
         ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING campaign_id, status, n)
INSERT INTO status_counts (account_id, campaign_id, status, n)
SELECT $1, campaign_id, status, sum(n) FROM folded GROUP BY campaign_id, status
 ORDER BY campaign_id, status
ON CONFLICT (account_id, campaign_id, status) DO UPDATE SET n = status_counts.n + excluded.n
"""
FOLD_ROWS = 5_000


def add_deltas(parts: Parts, deltas: Iterable[Delta]) -> None:
    """Append changes of counts with the other writes; zeros are left out."""
    kept = [delta for delta in deltas if delta[3]]
    if kept:
        columns = map(list, zip(*kept, strict=True))
        given = [Given(*column, values) for column, values in zip(_COLUMNS, columns, strict=True)]
        rows, arguments = as_rows(given, first=1, is_uniform=False)
        parts.add("counted", _APPEND.replace("{rows}", rows), *arguments)


async def fold(session: Transaction, account_id: UUID) -> None:
    """Add the account's oldest deltas to its counts; safe at any time, from any process."""
    driver = await driver_of(session)
    await driver.execute(_FOLD, account_id, FOLD_ROWS)
