"""The second wall as a filter, not as a condition of index scans.

Phase: expand. Written bare, the policy's comparison with a list was taken for a condition of the
index, beside the query's own on the same column: the planner multiplied both, took one row for
granted, and searched whole accounts where a primary key would have led to the row.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)
TENANT_TABLES = [
    "users",
    "api_keys",
    "idempotency_keys",
    "integrations",
    "people",
    "campaigns",
    "responses",
    "intake_keys",
    "pending_scoring",
    "pending_resolution",
    "windows",
    "lanes",
    "active_responses",
    "owner_turns",
    "rulesets",
    "scoring_settings",
    "opportunities",
    "opportunity_contacts",
    "runs",
    "row_failures",
    "events",
    "status_counts",
    "status_deltas",
]


def upgrade() -> None:
    for table in TENANT_TABLES:
        op.execute(f"ALTER POLICY tenant ON {table} USING ((account_id = {MINE}) IS TRUE)")


def downgrade() -> None:
    for table in TENANT_TABLES:
        op.execute(f"ALTER POLICY tenant ON {table} USING (account_id = {MINE})")
