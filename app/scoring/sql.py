"""Scoring a set of responses in one statement.

score = person.score + campaign.score + response.score + the points of matching rules, and every
part is stored beside the sum. The conditions are evaluated once per row (OFFSET 0 keeps the
planner from repeating them), then looked up by position.

Materialised, and person by person: on tables too young for statistics the planner took one row
for granted, and scored every chunk once for each response of the account.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.scoring.points import Points

_SCORED = """
    SELECT t.*, {total} AS points,
           nullif(array_positions(t.hits, true), '{{}}')::smallint[] AS matched
      FROM (SELECT r.id, {kept} p.score AS person, c.score AS campaign, {hits} AS hits
              FROM {rows}
             CROSS JOIN LATERAL (
                   SELECT * FROM {people} WHERE account_id = $1 AND {found} OFFSET 0) p
             CROSS JOIN LATERAL (
                   SELECT * FROM campaigns WHERE account_id = $1 AND id = r.campaign_id OFFSET 0) c
            {where} OFFSET 0) t"""
_STORED = "WHERE r.account_id = $1 AND r.id = ANY ($2::uuid[])"
_SCORE = """
WITH s AS MATERIALIZED ({scored})
UPDATE responses r
   SET status = 'Pending - TQR',
       score_person = s.person, score_campaign = s.campaign, score_rules = s.points,
       score_total = s.person + s.campaign + r.score + s.points,
       matched_rules = s.matched, ruleset_version = {version}, scored_at = $3
  FROM s
 WHERE r.account_id = $1 AND r.id = ANY ($2::uuid[]) AND r.id = s.id
"""


def scored_rows(
    points: Points,
    rows: str,
    *,
    kept: str,
    where: str = "",
    found: str = "id = r.person_id",
    people: str = "people",
) -> str:
    """SQL that scores rows that are not stored.

    Args:
        rows: a FROM item named `r`, with every column of a response that criteria know.
        kept: columns of it to be passed on, each followed by a comma.
        where: leaves rows out; it may look at the person, `p`.
        found: by what a row's person is found.
        people: where; something with the columns of their table.
    """
    return _SCORED.format(
        kept=kept,
        rows=rows,
        hits=points.hits,
        total=points.total,
        where=where,
        found=found,
        people=people,
    )


async def score(
    session: Transaction,
    account_id: UUID,
    responses: Sequence[UUID],
    points: Points,
    *,
    now: datetime,
) -> None:
    """Score these responses of one account, with every part; afterwards they await resolution."""
    driver = await driver_of(session)
    version = "NULL" if points.version is None else str(int(points.version))
    await driver.execute(
        _SCORE.format(
            scored=scored_rows(points, "responses r", kept="", where=_STORED), version=version
        ),
        account_id,
        list(responses),
        now,
        points.points,
        *points.values,
    )
