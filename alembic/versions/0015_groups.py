"""Groups of jobs, their runs and steps; launches of campaigns, planned ones too.

Phase: expand.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0015"
down_revision = "0014"

BUSY = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "2000",
    "autovacuum_vacuum_insert_scale_factor": "0",
    "autovacuum_vacuum_insert_threshold": "20000",
}
TENANT_TABLES = [
    *("groups", "group_members", "group_runs", "group_steps", "pending_groups"),
    "campaign_launches",
]
MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)
STEP_STATES = (
    "'waiting', 'running', 'succeeded', 'succeeded_with_warnings', 'failed', 'cancelled', 'not_run'"
)
ON_FAILURE = "on_failure IN ('halt', 'continue')"
OWNERS = "'job', 'group', 'batch'"
KINDS = "'scoring', 'clock', 'import', 'export', 'code'"
FALSE = sa.text("false")


def upgrade() -> None:
    _groups()
    _runs_of_groups()
    op.create_table(
        "campaign_launches",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("launched_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cause IN ('api', 'group', 'schedule')", name=op.f("ck_campaign_launches_cause")
        ),
        _within_account("campaign_launches", "campaign_id", "campaigns"),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_campaign_launches")),
        sa.UniqueConstraint(
            *("account_id", "campaign_id", "cause", "cause_id"), name="uq_campaign_launches_cause"
        ),
    )
    _words(f"{OWNERS}, 'campaign'", f"{KINDS}, 'group', 'launch'")
    _walls()


def _groups() -> None:
    op.create_table(
        "groups",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column(
            "launch_campaigns", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False
        ),
        sa.Column("notify_on", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("schedule", postgresql.JSONB(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("never_expires", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("expiry_warnings", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('inactive', 'active', 'expired')", name=op.f("ck_groups_state")
        ),
        sa.CheckConstraint(
            "(expires_at IS NOT NULL) <> never_expires", name=op.f("ck_groups_expiry")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_groups_account_id")),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_groups")),
    )
    op.create_index(
        "uq_groups_name",
        "groups",
        ["account_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL AND state <> 'expired'"),
    )
    op.create_table(
        "group_members",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("on_failure", sa.String(), nullable=False),
        sa.Column("always", sa.Boolean(), nullable=False),
        sa.CheckConstraint(ON_FAILURE, name=op.f("ck_group_members_on_failure")),
        _within_account("group_members", "group_id", "groups"),
        _within_account("group_members", "job_id", "jobs"),
        sa.PrimaryKeyConstraint(
            "account_id", "group_id", "position", name=op.f("pk_group_members")
        ),
        sa.UniqueConstraint("account_id", "job_id", name="uq_group_members_job"),
    )


def _runs_of_groups() -> None:
    op.create_table(
        "group_runs",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("resumes_id", sa.Uuid(), nullable=True),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("is_over", sa.Boolean(), server_default=FALSE, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_group_runs_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "run_id", name=op.f("pk_group_runs")),
        sa.UniqueConstraint("account_id", "resumes_id", name="uq_group_runs_resumes"),
    )
    op.create_index(
        "ix_group_runs_open",
        "group_runs",
        ["account_id", "group_id", "run_id"],
        postgresql_where=sa.text("NOT is_over"),
    )
    op.create_table(
        "group_steps",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("group_run_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("job_name", sa.String(), nullable=False),
        sa.Column("on_failure", sa.String(), nullable=False),
        sa.Column("always", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("awaited_run_id", sa.Uuid(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.CheckConstraint(ON_FAILURE, name=op.f("ck_group_steps_on_failure")),
        sa.CheckConstraint(f"state IN ({STEP_STATES})", name=op.f("ck_group_steps_state")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_group_steps_account_id")
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "group_run_id", "position", name=op.f("pk_group_steps")
        ),
    )
    op.create_index(
        "ix_group_steps_awaited",
        "group_steps",
        ["account_id", "awaited_run_id"],
        postgresql_where=sa.text("awaited_run_id IS NOT NULL"),
    )
    op.create_table(
        "pending_groups",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("group_run_id", sa.Uuid(), nullable=False),
        sa.Column("cause_run_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "group_run_id", "cause_run_id", name=op.f("pk_pending_groups")
        ),
        postgresql_with=BUSY,
    )
    op.create_index("ix_pending_groups_due", "pending_groups", ["due_at"])


def _walls() -> None:
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TENANT_TABLES)} TO penstock_app"
    )
    op.execute("GRANT SELECT ON pending_groups TO penstock_sweep")
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO penstock_app USING ((account_id = {MINE}) IS TRUE)"
        )
    op.execute("CREATE POLICY sweep ON pending_groups FOR SELECT TO penstock_sweep USING (true)")


def downgrade() -> None:
    for table in reversed(TENANT_TABLES):
        op.drop_table(table)
    for table in ("timetables", "fires", "pending_expiries", "watches"):
        op.execute(f"DELETE FROM {table} WHERE owner_kind IN ('group', 'campaign')")
    op.execute("DELETE FROM runs WHERE kind IN ('group', 'launch')")
    _words(OWNERS, KINDS)


def _words(owners: str, kinds: str) -> None:
    """Which words there may be from now on; those that are there are looked at next."""
    for table in ("timetables", "fires", "pending_expiries", "watches"):
        _listed(table, "owner_kind", owners)
    for table in ("runs", "pending_runs"):
        _listed(table, "kind", kinds)


def _listed(table: str, column: str, words: str) -> None:
    op.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column},"
        f" ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({words})) NOT VALID"
    )


def _within_account(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", column],
        [f"{other}.account_id", f"{other}.id"],
        name=op.f(f"fk_{table}_account_id_{column}"),
    )
