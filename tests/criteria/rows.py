"""Rows that criteria are tried on: once as facts in Python, once as tables in PostgreSQL."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg

from app.criteria.catalogue import COLUMNS, Column, Record
from app.criteria.compile import Parameters, compile_sql
from app.criteria.operators import FieldType
from app.criteria.oracle import Facts
from app.criteria.sql_functions import SQL_FUNCTIONS
from app.criteria.tree import Criteria

SQL_TYPE = {
    FieldType.TEXT: "text",
    FieldType.NUMBER: "bigint",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATETIME: "timestamptz",
}


@dataclass(frozen=True)
class Row:
    """Columns of each kind of record; `attributes` is JSON as it was written."""

    person: Mapping[str, Any] = field(default_factory=dict)
    campaign: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)
    opportunity: Mapping[str, Any] = field(default_factory=dict)

    def of(self, record: Record) -> Mapping[str, Any]:
        columns: Mapping[str, Any] = getattr(self, record)
        return columns

    @property
    def facts(self) -> Facts:
        return Facts(**{record: _decoded(self.of(record)) for record in Record})


def _decoded(columns: Mapping[str, Any]) -> Mapping[str, Any]:
    written = columns.get("attributes")
    attributes = None if written is None else json.loads(written, parse_float=Decimal)
    return {**columns, "attributes": attributes}


class Tables:
    """The tables, temporary, with the columns that the catalogue names."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection

    async def create(self) -> None:
        """Create the tables, and the functions that compiled criteria call."""
        for function in SQL_FUNCTIONS:
            await self.connection.execute(function)
        for record in Record:
            columns = ", ".join(
                f"{column.column} {SQL_TYPE[column.type]}" for column in _columns(record)
            )
            await self.connection.execute(
                f"CREATE TEMPORARY TABLE {record}s (n integer, attributes jsonb, {columns})"
            )

    async def load(self, rows: Sequence[Row]) -> None:
        """Replace what the tables hold by these rows, numbered from 0."""
        for record in Record:
            names = ["attributes", *(column.column for column in _columns(record))]
            await self.connection.execute(f"TRUNCATE {record}s")
            await self.connection.copy_records_to_table(
                f"{record}s",
                columns=["n", *names],
                records=[
                    (n, *(row.of(record).get(name) for name in names)) for n, row in enumerate(rows)
                ],
            )

    async def evaluate(
        self, criteria: Sequence[Criteria], *, now: datetime
    ) -> list[list[bool | None]]:
        """For each of the criteria, what PostgreSQL says of each row."""
        parameters = Parameters(2)
        conditions = [compile_sql(one, parameters, now="$1::timestamptz") for one in criteria]
        selected = ", ".join(f"{sql} AS c{index}" for index, sql in enumerate(conditions))
        found = await self.connection.fetch(
            f"SELECT n, $1::timestamptz AS now, {selected} FROM persons p"
            " JOIN campaigns c USING (n) JOIN responses r USING (n)"
            " JOIN opportunitys o USING (n) ORDER BY n",
            now,
            *parameters.values,
        )
        return [[row[index + 2] for row in found] for index in range(len(criteria))]


def _columns(record: Record) -> list[Column]:
    return [column for column in COLUMNS.values() if column.record is record]


@asynccontextmanager
async def open_tables(database_url: str) -> AsyncIterator[Tables]:
    """Tables that vanish with their connection, in a session far from UTC."""
    connection = await asyncpg.connect(
        database_url, server_settings={"timezone": "America/New_York", "datestyle": "SQL, DMY"}
    )
    try:
        tables = Tables(connection)
        await tables.create()
        yield tables
    finally:
        await connection.close()
