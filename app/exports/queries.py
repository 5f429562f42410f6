"""The SQL of exports: what is read, and what is kept of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.criteria.compile import Parameters, compile_sql
from app.exports.columns import Column, ColumnType, ExportObject
from app.exports.rules import columns_of, criteria_of
from app.exports.schemas import ExportCreate, ExportFormat

# Ids grow with time, so their order is nearly that of the table. What no column and no test names
# is not joined: the planner leaves out a LEFT JOIN by a unique key of which nothing is read.
_FROM = {
    ExportObject.PEOPLE: ("people p", "p"),
    ExportObject.RESPONSES: (
        """responses r
          LEFT JOIN people p ON p.account_id = $1 AND p.id = r.person_id
          LEFT JOIN campaigns c ON c.account_id = $1 AND c.id = r.campaign_id""",
        "r",
    ),
    ExportObject.RUNS: ("runs n", "n"),
}
_RFC_3339 = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""

_LIST = """
INSERT INTO run_files (account_id, run_id, name, media_type, size_bytes, stored_as, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (account_id, run_id, name)
DO UPDATE SET size_bytes = excluded.size_bytes, stored_as = excluded.stored_as
"""
_STORED = "SELECT stored_as FROM run_files WHERE account_id = $1 AND run_id = $2"


class Reading(NamedTuple):
    """One statement that reads an export, row by row."""

    sql: str
    values: Sequence[object]
    columns: Sequence[Column]


class KeptFile(NamedTuple):
    """A file that lies in the store, and is not yet listed."""

    name: str
    media_type: str
    size_bytes: int
    stored_as: str


def reading_of(account_id: UUID, order: ExportCreate, *, now: datetime) -> Reading:
    """The statement for an order that was found good; `now` is what its criteria go by."""
    parameters = Parameters(2)
    columns = columns_of(order.object, order.columns)
    source, own = _FROM[order.object]
    shown = ", ".join(_value(column, order.format, parameters) for column in columns)
    conditions = [f"{own}.account_id = $1"]
    if order.campaign is not None:
        conditions.append(f"r.campaign_id = {parameters.add(UUID(order.campaign), 'uuid')}")
    for column, value in (("kind", order.kind), ("state", order.state)):
        if value is not None:
            conditions.append(f"n.{column} = {parameters.add(value.value, 'text')}")
    for sign, moment in ((">=", order.from_), ("<", order.to)):
        if moment is not None:
            conditions.append(f"n.queued_at {sign} {parameters.add(moment, 'timestamptz')}")
    criteria = criteria_of(order.criteria)
    if criteria is not None:
        as_of = parameters.add(now, "timestamptz")
        # Named here too: a parameter that no test asks for would have no type.
        conditions.append(f"{as_of} IS NOT NULL")
        conditions.append(compile_sql(criteria, parameters, now=as_of))
    where = " AND ".join(conditions)
    sql = f"SELECT {shown} FROM {source} WHERE {where} ORDER BY {own}.id"
    return Reading(sql, [account_id, *parameters.values], columns)


async def add_files(
    transaction: Transaction,
    account_id: UUID,
    run_id: UUID,
    files: Sequence[KeptFile],
    *,
    now: datetime,
) -> None:
    """List the files of a run, in the transaction that ends it: nobody sees half of them.

    Listed again, those of the later attempt stand.
    """
    driver = await driver_of(transaction)
    for file in files:
        await driver.execute(_LIST, account_id, run_id, *file, now)


async def stored_files(transaction: Transaction, account_id: UUID, run_id: UUID) -> set[str]:
    """Where in the store the run's listed files lie."""
    rows = await (await driver_of(transaction)).fetch(_STORED, account_id, run_id)
    return {row["stored_as"] for row in rows}


def _value(column: Column, wanted: ExportFormat, parameters: Parameters) -> str:
    """The value as text, as both formats have it: the server makes it while we write.

    With every moment made in Python an export took half as long again.
    """
    if column.key is not None:
        arrow = "->>" if wanted is ExportFormat.CSV else "->"
        return f"({column.sql} {arrow} {parameters.add(column.key, 'text')})::text"
    if column.type is ColumnType.MOMENT:
        return f"replace(to_char({column.sql} AT TIME ZONE 'UTC', {_RFC_3339}), '.000000', '')"
    return f"({column.sql})::text"
