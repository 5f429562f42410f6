"""Sequences and who is in them, by set-based SQL: two actions each, the first of some is due.

Of each sequence those are due who came in first, as it is when delays are what makes them due.
Their people are scattered over all people.
"""

from uuid import UUID

import asyncpg

from app.models.states import SequenceObject
from app.sequences.planning import IDS, batch_of

SEQUENCES = 50
BATCH_ID = IDS[batch_of(SequenceObject.LEAD)]
# Has no divisor in common with the numbers of people here: everybody's turn comes once.
_STRIDE = 7_919
_SEQUENCES = """
INSERT INTO sequences (account_id, id, name, object, state, enrolment, may_reenter, looked_until,
                       version, created_at, updated_at, activated_at)
SELECT $1, uuidv7(), 'sequence ' || n, 'lead', 'active', 'manual', false,
       now() - interval '1 hour', 1, now(), now(), now()
  FROM generate_series(0, $2::int - 1) AS n
"""
# A call, of which connectors are told, or a task; then a task.
_ACTIONS = """
INSERT INTO sequence_actions (account_id, id, sequence_id, position, type, is_automatic, delay,
                              on_unmet, priority)
SELECT $1, uuidv7(), s.id, n, CASE WHEN n = 0 AND s.name LIKE '%0' THEN 'call'
                                   WHEN n = 0 AND s.name LIKE '%5' THEN 'call' ELSE 'task' END,
       false, interval '1 day', 'wait', 5
  FROM sequences s CROSS JOIN generate_series(0, 1) AS n WHERE s.account_id = $1
"""
_PEOPLE = """
INSERT INTO people (account_id, id, kind, email, email_folded, external_id, first_name, last_name,
                    company, owner, score, opted_out, email_opted_out, sms_opted_out, attributes,
                    version, created_at, updated_at)
SELECT $1, uuidv7(), 'lead', 'p' || n || '@bench.example', 'p' || n || '@bench.example',
       'crowd-' || n, 'Ada', 'Lovelace ' || n % 89, 'Company ' || n % 101, 'rep-' || n % 40, n % 40,
       false, false, false, jsonb_build_object('team', n % 100), 1,
       now() - interval '2 days', now() - interval '2 days'
  FROM generate_series(0, $2::int - 1) AS n
"""
# In the order in which they came in, a sequence after the other.
_IN_IT = """
WITH crowd AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM people WHERE account_id = $1),
cadences AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM sequences WHERE account_id = $1)
INSERT INTO participations (account_id, id, sequence_id, object, object_id, person_id, state,
                            enrolled_at)
SELECT $1, uuidv7(), s.id, 'lead', p.id, p.id, 'active', now() - interval '1 day'
  FROM generate_series(0, $2::int - 1) AS w(n)
  JOIN crowd p ON p.n = w.n::bigint * $3 % $2
  JOIN cadences s ON s.n = w.n * $4::int / $2
 ORDER BY w.n
"""
_STEPS = """
INSERT INTO participant_actions (account_id, id, participation_id, action_id, sequence_id,
                                 person_id, position, type, is_automatic, priority, status, due_at,
                                 is_initiated, show_on_today)
SELECT $1, uuidv7(), n.id, s.id, n.sequence_id, n.person_id, s.position, s.type, false,
       s.priority, 'upcoming', now() + (s.position + 1) * interval '30 days', false, false
  FROM participations n
  JOIN sequence_actions s ON s.account_id = $1 AND s.sequence_id = n.sequence_id
 WHERE n.account_id = $1 ORDER BY n.id, s.position
"""
_WAITING = """
INSERT INTO pending_actions (account_id, action_id, sequence_id, due_at)
SELECT account_id, id, sequence_id, due_at FROM participant_actions
 WHERE account_id = $1 AND position = 0
"""
_DUE = """
WITH first AS MATERIALIZED (
    SELECT id, sequence_id, row_number() OVER (PARTITION BY sequence_id ORDER BY id) AS place
      FROM participations WHERE account_id = $1)
SELECT a.id FROM first n
  JOIN participant_actions a ON a.account_id = $1 AND a.participation_id = n.id AND a.position = 0
 WHERE n.place <= $2 ORDER BY n.id
"""
_AGAIN = """
UPDATE participant_actions
   SET status = 'upcoming', show_on_today = false, owner = NULL, run_id = NULL
 WHERE account_id = $1 AND id = ANY ($2::uuid[]) AND status = 'on_engage'
"""
_QUEUE = """
INSERT INTO pending_actions (account_id, action_id, sequence_id, due_at)
SELECT account_id, id, sequence_id, now() - interval '1 minute' FROM participant_actions
 WHERE account_id = $1 AND id = ANY ($2::uuid[])
    ON CONFLICT (account_id, action_id) DO UPDATE SET due_at = excluded.due_at
"""
_TURNED_OVER = ("participant_actions", "pending_actions")


async def seed(owner: asyncpg.Connection, account_id: UUID, participants: int) -> None:
    """That many people, each in one of the sequences; nothing is due."""
    await owner.execute(_PEOPLE, account_id, participants)
    await owner.execute(_SEQUENCES, account_id, SEQUENCES)
    await owner.execute(_ACTIONS, account_id)
    await owner.execute(_IN_IT, account_id, participants, _STRIDE, SEQUENCES)
    await owner.execute(_STEPS, account_id)
    await owner.execute(_WAITING, account_id)
    for table in ("people", "participations", *_TURNED_OVER):
        await owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    await owner.execute("VACUUM (ANALYZE)")


async def first_in(owner: asyncpg.Connection, account_id: UUID, how_many: int) -> list[UUID]:
    """The first actions of those who came in first, the same number of each sequence."""
    rows = await owner.fetch(_DUE, account_id, how_many // SEQUENCES)
    return [row["id"] for row in rows]


async def make_due(owner: asyncpg.Connection, account_id: UUID, actions: list[UUID]) -> None:
    """Let these be due as if nothing had been done about them."""
    await owner.execute(_AGAIN, account_id, actions)
    await owner.execute(_QUEUE, account_id, actions)
    for table in _TURNED_OVER:
        await owner.execute(f"VACUUM {table}")
