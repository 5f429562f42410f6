"""Scoring and resolving rewrite a response's status; an index on it would end HOT updates."""

from sqlalchemy import text

from app.core.resources import Resources

# Key and included columns by number; what predicates and expressions name, by dependency.
_INDEXED = text(
    """
    SELECT a.attname::text FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = CAST(:name AS regclass)
    UNION
    SELECT a.attname::text FROM pg_index i
      JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
     WHERE i.indrelid = CAST(:name AS regclass)
    """
)
REWRITTEN = {
    *("status", "mode", "member_status", "is_responded", "score", "attributes", "resolved_at"),
    *("score_total", "score_person", "score_campaign", "score_rules", "matched_rules"),
    *("ruleset_version", "scored_at"),
}


async def test_what_scoring_and_resolving_rewrite_is_in_no_index(resources: Resources) -> None:
    async with resources.look() as connection:
        indexed = set((await connection.scalars(_INDEXED, {"name": "responses"})).all())

    assert {"account_id", "id", "campaign_id"} <= indexed
    assert indexed & REWRITTEN == set()


async def test_the_guard_sees_predicates(resources: Resources) -> None:
    async with resources.look() as connection:
        indexed = set((await connection.scalars(_INDEXED, {"name": "pending_resolution"})).all())

    assert "has_grace" in indexed
