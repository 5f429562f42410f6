"""Putting objects into a sequence: each once at a time, never more than it holds.

The caller has locked the sequence, so that nobody else puts anybody in meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.core.driver import Row, Transaction, driver_of
from app.core.ids import UUID7_SQL, uuid7
from app.criteria.compile import Parameters, compile_sql
from app.criteria.tree import Criteria
from app.models import Sequence as Cadence
from app.models import SequenceAction
from app.sequences import queries, rules
from app.sequences.objects import SOURCES

# Who came in together is due together, and lies together in every index.
_ENROL = f"""
WITH new AS (
    INSERT INTO participations (account_id, id, sequence_id, object, object_id, person_id, state,
                                enrolled_at, enrolled_by)
    SELECT $1, w.id, $2, $3, w.object_id, w.person_id, 'active', $4, $5
      FROM unnest($6::uuid[], $7::uuid[], $8::uuid[]) AS w(id, object_id, person_id)
        ON CONFLICT (account_id, sequence_id, object_id, person_id) WHERE ended_at IS NULL
        DO NOTHING
    RETURNING id, person_id),
steps AS (
    INSERT INTO participant_actions (account_id, id, participation_id, action_id, sequence_id,
                                     person_id, position, type, is_automatic, priority, status,
                                     due_at, is_initiated, show_on_today)
    SELECT $1, {UUID7_SQL}, new.id, s.id, $2, new.person_id, s.position, s.type,
           s.is_automatic, s.priority, 'upcoming', $15::timestamptz + s.foreseen, false, false
      FROM new CROSS JOIN unnest($9::uuid[], $10::int[], $11::text[], $12::bool[], $13::int[],
                                 $14::interval[])
           AS s(id, position, type, is_automatic, priority, foreseen)
    RETURNING id, position, due_at),
queued AS (
    INSERT INTO pending_actions (account_id, action_id, sequence_id, due_at)
    SELECT $1, id, $2, due_at FROM steps WHERE position = 0)
SELECT id FROM new
"""
# Whether one is in it tells the first that the index has from there on. As a join, or with EXISTS,
# all of a sequence that was just filled was read for each, as the planner did not know it yet.
_CANDIDATES = """
SELECT {object_id} AS object_id, p.id AS person_id
  FROM {table}
 WHERE {is_fit} AND NOT p.opted_out AND {scope} AND {meets}
   AND (SELECT (n.object_id, n.person_id) = ({object_id}, p.id) FROM participations n
         WHERE n.account_id = $1 AND n.sequence_id = $2
           AND (n.object_id, n.person_id) >= ({object_id}, p.id) {before}
         ORDER BY n.object_id, n.person_id LIMIT 1) IS NOT TRUE
 ORDER BY {object_id}, p.id LIMIT $3
"""
_BEFORE_ANY = (UUID(int=0), UUID(int=0))


class Candidate(NamedTuple):
    """An object that may come in, and whose it is."""

    object_id: UUID
    person_id: UUID


class Enrolled(NamedTuple):
    """Who came in of those who could, and for how many there was no room."""

    ids: Sequence[UUID]
    no_room: int


async def enrol(
    session: Transaction,
    sequence: Cadence,
    actions: Sequence[SequenceAction],
    candidates: Sequence[Candidate],
    *,
    by: str | None,
    since: datetime | None = None,
    now: datetime,
) -> Enrolled:
    """Put these in, in their order, as far as there is room; whoever is in already stays as is.

    Args:
        since: from when the delay of the first action is counted; None: from now.
    """
    counts = await queries.count_participants(session, sequence.account_id, [sequence.id])
    room = max(0, rules.MOST_PARTICIPANTS - counts[sequence.id])
    taken = candidates[:room]
    if not taken:
        return Enrolled([], len(candidates))
    rows = await (await driver_of(session)).fetch(
        _ENROL,
        *(sequence.account_id, sequence.id, sequence.object.value, now, by),
        [uuid7() for _ in taken],
        [one.object_id for one in taken],
        [one.person_id for one in taken],
        [action.id for action in actions],
        [action.position for action in actions],
        [action.type.value for action in actions],
        [action.is_automatic for action in actions],
        [action.priority for action in actions],
        rules.foreseen(actions),
        since or now,
    )
    return Enrolled([row["id"] for row in rows], len(candidates) - len(taken))


async def candidates(
    session: Transaction,
    sequence: Cadence,
    *,
    people: Sequence[UUID] | None = None,
    objects: Sequence[UUID] | None = None,
    also: Criteria | None = None,
    after: Candidate | None = None,
    most: int,
    now: datetime,
) -> list[Candidate]:
    """Who meets the entrance criteria and is not in it, in the order of ids.

    Whoever was in it before counts only where one may come in again.

    Args:
        people, objects: only these; None: everybody of the account.
        also: criteria to be met beside those of the sequence.
        after: behind this one.
    """
    source = SOURCES[sequence.object]
    parameters = Parameters(4)
    as_of = parameters.add(now, "timestamptz")
    # Named here too: a parameter that no test asks for would have no type.
    meets = f"{as_of} IS NOT NULL"
    for criteria in (rules.criteria_of(sequence.entrance), also):
        if criteria is not None:
            meets += f" AND {compile_sql(criteria, parameters, now=as_of)}"
    last = after or Candidate(*_BEFORE_ANY)
    scope = (
        f"({source.object_id}, p.id) > ({parameters.add(last.object_id, 'uuid')},"
        f" {parameters.add(last.person_id, 'uuid')})"
    )
    if people is not None:
        scope += f" AND p.id = ANY ({parameters.add(list(people), 'uuid[]')})"
    if objects is not None:
        scope += f" AND {source.object_id} = ANY ({parameters.add(list(objects), 'uuid[]')})"
    sql = _CANDIDATES.format(
        object_id=source.object_id,
        table=source.table,
        is_fit=source.is_fit,
        scope=scope,
        meets=meets,
        before="AND n.ended_at IS NULL" if sequence.may_reenter else "",
    )
    rows: list[Row] = await (await driver_of(session)).fetch(
        sql, sequence.account_id, sequence.id, most, *parameters.values
    )
    return [Candidate(row["object_id"], row["person_id"]) for row in rows]
