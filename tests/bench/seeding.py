"""Rows by set-based SQL: a crowd of people, a past of resolved responses, due work for a lane.

Every 25th of the crowd is in the pool: those whose responses are due.
"""

import random
from collections.abc import Iterable
from uuid import UUID

import asyncpg

from tests.bench import sample
from tests.bench.errors import Wrong

CROWD = 250_000
POOL_EVERY = 25
RESPONSES_EACH = 4

_PEOPLE = """
INSERT INTO people (account_id, id, kind, email, email_folded, external_id, first_name, last_name,
                    title, company, country, industry, score, opted_out, email_opted_out,
                    sms_opted_out, attributes, version, created_at, updated_at)
SELECT $1, uuidv7(), 'lead', 'p' || n || '@bench.example', 'p' || n || '@bench.example',
       CASE WHEN n % $4 = 0 THEN 'pool-' || n / $4 ELSE 'crowd-' || n END, 'Ada',
       'Lovelace ' || n % 89, ($5::text[])[1 + n % cardinality($5::text[])],
       'Company ' || n % 101, ($6::text[])[1 + n % cardinality($6::text[])],
       ($7::text[])[1 + n % cardinality($7::text[])], n % 40, false, false, false,
       jsonb_build_object('team', n % 100), 1, now(), now()
  FROM generate_series($2::int, $3::int, $8::int) AS n
"""
_PAST = """
INSERT INTO responses (account_id, id, campaign_id, person_id, repeat_number, member_status,
                       is_responded, status, mode, is_prompt, user_id, user_name, external_id,
                       responded_at, received_at, score, attributes, score_total, score_person,
                       score_campaign, score_rules, ruleset_version, scored_at, resolved_at)
SELECT $1, uuidv7(), $2, p.id, n, 'Responded', true, 'Resolved - No Action Required',
       'asynchronous', false, $3, 'marketo', p.external_id || '-' || n, now(), now(), 5,
       jsonb_build_object('form', 'webinar', 'visits', n), 35 + p.score, p.score, 30, 0, 1,
       now(), now()
  FROM generate_series(1, $4::int) AS n CROSS JOIN people p WHERE p.account_id = $1
"""
_ENGAGED = """
INSERT INTO active_responses (account_id, person_id, response_id)
SELECT DISTINCT ON (r.person_id) r.account_id, r.person_id, r.id
  FROM responses r JOIN people p ON p.account_id = r.account_id AND p.id = r.person_id
 WHERE r.account_id = $1 AND p.external_id LIKE 'crowd-%' AND p.score < 10
"""
_DUE = """
WITH chosen AS (
    SELECT p.id AS person_id, c.n
      FROM unnest($3::text[]) WITH ORDINALITY AS c(external_id, n)
      JOIN people p ON p.account_id = $1 AND p.external_id = c.external_id),
made AS (
    INSERT INTO responses (account_id, id, campaign_id, person_id, repeat_number, member_status,
                           is_responded, status, mode, is_prompt, user_id, user_name, responded_at,
                           received_at, score, attributes)
    SELECT $1, uuidv7(), $2, person_id,
           1 + coalesce((SELECT max(repeat_number) FROM responses r WHERE r.account_id = $1
                            AND r.person_id = chosen.person_id AND r.campaign_id = $2), 0),
           'Responded', true, 'Pending - Scoring', 'asynchronous', false, $4, 'marketo', now(),
           now(), n % 20, jsonb_build_object('form', 'webinar', 'visits', n % 13)
      FROM chosen ORDER BY n
    RETURNING id, person_id)
INSERT INTO pending_scoring (account_id, response_id, campaign_id, person_id, priority, due_at)
SELECT $1, id, $2, person_id, 0, now() FROM made
"""
# Nobody of the pool is engaged any more, so that each round has the same to decide.
_FREE_THE_POOL = """
DELETE FROM active_responses a USING people p
 WHERE a.account_id = $1 AND p.account_id = $1 AND p.id = a.person_id
   AND p.external_id = ANY ($2::text[])
"""
_TURNED_OVER = ("pending_scoring", "pending_resolution", "active_responses", "status_deltas")


async def people(
    connection: asyncpg.Connection, account_id: UUID, *, crowd: int, whole: bool
) -> None:
    """The crowd, or of the same crowd the pool alone."""
    first, step = (1, 1) if whole else (POOL_EVERY, POOL_EVERY)
    words = (sample.TITLES, sample.COUNTRIES, sample.INDUSTRIES)
    await connection.execute(_PEOPLE, account_id, first, crowd, POOL_EVERY, *words, step)


async def past(
    connection: asyncpg.Connection, account_id: UUID, campaign_id: UUID, user_id: UUID
) -> int:
    """Four resolved responses of everybody to that campaign; how many there are now."""
    await connection.execute(_PAST, account_id, campaign_id, user_id, RESPONSES_EACH)
    await connection.execute(_ENGAGED, account_id)
    return int(await connection.fetchval("SELECT count(*) FROM responses"))


async def due(
    connection: asyncpg.Connection,
    account_id: UUID,
    campaign_id: UUID,
    user_id: UUID,
    chosen: Iterable[int],
) -> list[UUID]:
    """Due rows of these members of the pool; their ids in the order in which they are due."""
    names = [f"pool-{number}" for number in chosen]
    async with connection.transaction():
        await connection.execute(_FREE_THE_POOL, account_id, names)
        await connection.execute(_DUE, account_id, campaign_id, names, user_id)
    for table in _TURNED_OVER:
        await connection.execute(f"VACUUM {table}")
    rows = await connection.fetch(
        "SELECT response_id FROM pending_scoring ORDER BY due_at, response_id"
    )
    if len(rows) != len(names):
        raise Wrong(f"{len(rows)} rows are due instead of {len(names)}")
    return [row["response_id"] for row in rows]


async def settle(connection: asyncpg.Connection) -> None:
    """Vacuum and analyse now, and the large tables not again.

    Autovacuum would come by where there is little, and not where there is much: it goes by shares.
    """
    for table in ("people", "responses"):
        await connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    await connection.execute("VACUUM (ANALYZE)")


def members(crowd: int, how_many: int, *, seed: int) -> list[int]:
    """Members of the pool by chance, the same ones for the same seed."""
    return random.Random(seed).sample(range(1, crowd // POOL_EVERY + 1), how_many)
