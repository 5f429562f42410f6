"""The columns of responses that intake writes, each with how a record gives it.

A record is written once: pending, or scored and decided already.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from app.core.rowsets import Given, as_rows
from app.models.states import Mode
from app.responses.intake.records import RecordState


@dataclass(frozen=True, slots=True)
class Column:
    """One column; a fixed one belongs to what a record is and is written with it, never again."""

    name: str
    type: str
    get: Callable[[RecordState], Any]
    is_fixed: bool = False
    place: str = ""

    @property
    def sql(self) -> str:
        """What a statement writes; `w` is the row given, `r` the stored one."""
        return self.place or f"w.{self.name}"


def _mode(record: RecordState) -> str:
    return record.scheduling.mode if record.scheduling else Mode.SYNCHRONOUS


# By a getter where it is a field: a function of ours takes three times as long, and a row of a file
# has twenty of them.
_COLUMNS = (
    Column("id", "uuid", attrgetter("id"), is_fixed=True),
    Column("account_id", "uuid", attrgetter("account_id"), is_fixed=True),
    Column("campaign_id", "uuid", attrgetter("campaign_id"), is_fixed=True),
    Column("person_id", "uuid", attrgetter("person_id"), is_fixed=True),
    Column("repeat_number", "smallint", attrgetter("repeat_number"), is_fixed=True),
    Column("member_status", "text", attrgetter("member_status.name")),
    Column("is_responded", "boolean", attrgetter("member_status.responded")),
    Column("status", "text", attrgetter("status")),
    Column("mode", "text", _mode),
    Column("is_prompt", "boolean", attrgetter("is_prompt")),
    Column("user_id", "uuid", attrgetter("user_id")),
    Column("user_name", "text", attrgetter("user")),
    Column("external_id", "text", attrgetter("external_id")),
    Column("responded_at", "timestamptz", attrgetter("responded_at")),
    Column("score", "bigint", lambda r: r.score or 0),
    Column("attributes", "jsonb", attrgetter("attributes_json")),
)
_SCORED = (
    Column("score_total", "bigint", attrgetter("scored.total")),
    Column("score_person", "bigint", attrgetter("scored.person")),
    Column("score_campaign", "bigint", attrgetter("scored.campaign")),
    Column("score_rules", "bigint", attrgetter("scored.rules")),
    # An array of arrays would have to be of one length; as text each has its own.
    Column(
        "matched_rules", "text", attrgetter("scored.matched"),
        place="w.matched_rules::smallint[]",
    ),
    Column("ruleset_version", "integer", attrgetter("scored.version")),
    Column(
        "resolved_at", "boolean", lambda r: r.waits_until is None,
        place="CASE WHEN w.resolved_at THEN $1::timestamptz END",
    ),
)  # fmt: skip


class Columns:
    """What is written of a record, as one INSERT and one UPDATE; `$1` is the moment."""

    def __init__(self, columns: Sequence[Column], moments: Sequence[str]) -> None:
        self._columns = columns
        names = ", ".join([*(column.name for column in columns), *moments])
        written = ", ".join([column.sql for column in columns] + ["$1::timestamptz"] * len(moments))
        self._insert = f"INSERT INTO responses ({names}) SELECT {written} FROM {{rows}} RETURNING 1"
        changes = [
            # An id is its sender's: without one, another sender does not take over the last one's.
            "external_id = coalesce(w.external_id,"
            " CASE WHEN r.user_id = w.user_id THEN r.external_id END)"
            if column.name == "external_id"
            else f"{column.name} = {column.sql}"
            for column in columns
            if not column.is_fixed
        ]
        changes += [f"{name} = $1::timestamptz" for name in moments]
        self._update = (
            f"UPDATE responses r SET {', '.join(changes)} FROM {{rows}}"
            " WHERE r.account_id = w.account_id AND r.id = w.id RETURNING 1"
        )

    def insert(
        self, records: Sequence[RecordState], now: datetime, *, is_uniform: bool
    ) -> tuple[str, list[Any]]:
        """The statement that makes these records, and its arguments."""
        return self._sent(self._insert, records, now, is_uniform=is_uniform)

    def update(
        self, records: Sequence[RecordState], now: datetime, *, is_uniform: bool
    ) -> tuple[str, list[Any]]:
        """The statement that changes these records, and its arguments."""
        return self._sent(self._update, records, now, is_uniform=is_uniform)

    def _sent(
        self, sql: str, records: Sequence[RecordState], now: datetime, *, is_uniform: bool
    ) -> tuple[str, list[Any]]:
        given = [
            Given(column.name, column.type, list(map(column.get, records)))
            for column in self._columns
        ]
        rows, arguments = as_rows(given, first=2, is_uniform=is_uniform)
        return sql.replace("{rows}", rows), [now, *arguments]


PENDING = Columns(_COLUMNS, ["received_at"])
SETTLED = Columns((*_COLUMNS, *_SCORED), ["received_at", "scored_at"])
