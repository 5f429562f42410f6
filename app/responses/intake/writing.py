"""What intake writes: each table once, all of them in one statement, all items together.

Where another transaction was first (the same new person, the same external id) a table gets fewer
rows than it is to have, and the whole transaction is done again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from app.core.driver import Driver
from app.core.rowsets import Given, as_rows
from app.core.statements import Parts
from app.core.values import json_of
from app.responses.counters import Delta, add_deltas
from app.responses.intake.columns import PENDING, SETTLED
from app.responses.intake.fold import SeenKey
from app.responses.intake.people import FIELD_TYPES, FIELDS, PersonState
from app.responses.intake.records import RecordState
from app.responses.resolution.sql import ENGAGE

_INSERT_PEOPLE = f"""
INSERT INTO people (account_id, id, {", ".join(FIELDS)}, version, created_at, updated_at)
SELECT account_id, id, {", ".join(FIELDS)}, 1, $1, $1 FROM {{rows}}
 ORDER BY external_id, email_folded
ON CONFLICT DO NOTHING"""
_UPDATE_PEOPLE = f"""
UPDATE people p SET {", ".join(f"{name} = w.{name}" for name in FIELDS)},
       version = p.version + 1, updated_at = $1
  FROM {{rows}}
 WHERE p.account_id = w.account_id AND p.id = w.id
RETURNING 1"""
_INSERT_KEYS = """
INSERT INTO intake_keys (account_id, user_id, external_id, response_id, received_at)
SELECT w.account_id, w.user_id, w.external_id, w.response_id, $1 FROM {rows}
 ORDER BY 1, 2, 3
RETURNING 1"""
_INSERT_WAITING = """
INSERT INTO pending_resolution
       (account_id, response_id, campaign_id, person_id, priority, due_at, has_grace)
SELECT *, true FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[],
                           $6::timestamptz[])
RETURNING 1"""
_INSERT_PENDING = """
INSERT INTO pending_scoring
       (account_id, response_id, campaign_id, person_id, window_id, priority, due_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::smallint[],
                     $7::timestamptz[])
RETURNING 1"""


_PLACE: Callable[[RecordState], tuple[UUID, UUID, Any]] = attrgetter(
    "account_id", "campaign_id", "status"
)
_PLACE_BEFORE: Callable[[RecordState], tuple[UUID, UUID, Any]] = attrgetter(
    "account_id", "campaign_id", "status_before"
)


@dataclass(frozen=True, slots=True)
class Queued:
    """A response that waits for scoring: in its window if held, else from when it is due."""

    record: RecordState
    window_id: UUID | None
    due_at: datetime | None


class Draft:
    """Everything one intake transaction is to write, by table, in the order of locks.

    Args:
        is_uniform: whether the rows are of one file, and so alike; see `as_rows`.
        parts: gets what is to be written.
    """

    def __init__(
        self, now: datetime, *, is_uniform: bool = False, parts: Parts | None = None
    ) -> None:
        self._now = now
        self._is_uniform = is_uniform
        self.parts = Parts() if parts is None else parts

    def _part(self, name: str, sql: str, rows: int, columns: Sequence[Any]) -> None:
        if rows:
            self.parts.add(name, sql, *columns, rows=rows)

    def people(self, new: Sequence[PersonState], changed: Sequence[PersonState]) -> None:
        """Insert the new people; write the fields of the changed, who are locked."""
        self._people("born", f"{_INSERT_PEOPLE} RETURNING 1", new)
        self._people("merged", _UPDATE_PEOPLE, changed)

    def people_to_read(self, new: Sequence[PersonState]) -> None:
        """Insert the new people, for a query that reads them as `born`."""
        self._people("born", f"{_INSERT_PEOPLE} RETURNING *", new)

    def _people(self, name: str, sql: str, people: Sequence[PersonState]) -> None:
        if people:
            rows, columns = as_rows(_given(people), first=2, is_uniform=self._is_uniform)
            self._part(name, sql.replace("{rows}", rows), len(people), [self._now, *columns])

    def records(self, touched: Sequence[RecordState]) -> None:
        """Insert the new records and update the changed ones."""
        for is_settled in (False, True):
            some = [record for record in touched if (record.scored is not None) is is_settled]
            new = [record for record in some if record.is_new]
            changed = [record for record in some if not record.is_new]
            columns = SETTLED if is_settled else PENDING
            kind = "settled" if is_settled else "recorded"
            if new:
                sql, given = columns.insert(new, self._now, is_uniform=self._is_uniform)
                self._part(kind, sql, len(new), given)
            if changed:
                sql, given = columns.update(changed, self._now, is_uniform=self._is_uniform)
                self._part(f"{kind}_anew", sql, len(changed), given)

    def engage(self, handed: Sequence[RecordState]) -> None:
        """Make these the active responses of their people, who are locked or new."""
        columns = [
            [record.account_id for record in handed],
            [record.person_id for record in handed],
            [record.id for record in handed],
        ]
        self._part("engaged", ENGAGE, len(handed), columns)

    def keys(self, keys: Mapping[SeenKey, RecordState]) -> None:
        """Remember the external ids."""
        if keys:
            given = [
                Given("external_id", "text", [external for _, _, external in keys]),
                Given("account_id", "uuid", [account for account, _, _ in keys]),
                Given("user_id", "uuid", [user for _, user, _ in keys]),
                Given("response_id", "uuid", [record.id for record in keys.values()]),
            ]
            rows, columns = as_rows(given, first=2, is_uniform=self._is_uniform)
            sql = _INSERT_KEYS.replace("{rows}", rows)
            self._part("remembered", sql, len(keys), [self._now, *columns])

    def queue(self, waiting: Sequence[Queued]) -> None:
        """Queue responses for scoring."""
        columns = [
            [queued.record.account_id for queued in waiting],
            [queued.record.id for queued in waiting],
            [queued.record.campaign_id for queued in waiting],
            [queued.record.person_id for queued in waiting],
            [queued.window_id for queued in waiting],
            [queued.record.priority for queued in waiting],
            [queued.due_at for queued in waiting],
        ]
        self._part("queued", _INSERT_PENDING, len(waiting), columns)

    def waiting(self, records: Iterable[RecordState]) -> None:
        """Queue what was scored below the threshold and waits for its grace."""
        waiting = [record for record in records if record.waits_until is not None]
        columns = [
            [record.account_id for record in waiting],
            [record.id for record in waiting],
            [record.campaign_id for record in waiting],
            [record.person_id for record in waiting],
            [record.priority for record in waiting],
            [record.waits_until for record in waiting],
        ]
        self._part("waits", _INSERT_WAITING, len(waiting), columns)

    def counts(self, deltas: Sequence[Delta]) -> None:
        """Append changes of counts."""
        add_deltas(self.parts, deltas)

    async def write(self, driver: Driver) -> bool:
        """Write it all; False if another transaction was first somewhere."""
        return await self.parts.write(driver)


def deltas_of(records: Sequence[RecordState]) -> list[Delta]:
    """How the counts of each campaign change by these records."""
    counts = Counter(map(_PLACE, records))
    counts.subtract(map(_PLACE_BEFORE, (one for one in records if one.status_before is not None)))
    return [(*place, n) for place, n in counts.items()]


def _given(people: Sequence[PersonState]) -> list[Given]:
    columns = {name: [person.values[name] for person in people] for name in FIELDS}
    columns["attributes"] = [json_of(attributes) for attributes in columns["attributes"]]
    return [
        Given("id", "uuid", [person.id for person in people]),
        Given("account_id", "uuid", [person.account_id for person in people]),
        *(Given(name, FIELD_TYPES.get(name, "text"), columns[name]) for name in FIELDS),
    ]
