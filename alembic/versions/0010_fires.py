"""Timetables, the ledger of their fires, expiries to look after; which job a run is of.

Phase: expand.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0010"
down_revision = "0009"

BUSY = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "2000",
    "autovacuum_vacuum_insert_scale_factor": "0",
    "autovacuum_vacuum_insert_threshold": "20000",
}
TENANT_TABLES = ["timetables", "fires", "pending_expiries"]
MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)
OWNERS = "owner_kind IN ('job', 'group', 'batch')"
KINDS = "'scoring', 'clock', 'import', 'export'"
REASONS = (
    "'expired', 'paused', 'skip_requested', 'maintenance', 'blackout', 'dst', 'missed_window', "
    "'overlap', 'gap', 'quota_executions', 'quota_invocations', 'quota_minutes'"
)


def upgrade() -> None:
    op.add_column("runs", sa.Column("job_id", sa.Uuid(), nullable=True))
    op.add_column("runs", sa.Column("schedule_minute", sa.SmallInteger(), nullable=True))
    op.create_index(
        "ix_runs_job",
        "runs",
        ["account_id", "job_id", "id"],
        postgresql_where=sa.text("job_id IS NOT NULL"),
    )
    op.add_column("pending_runs", sa.Column("job_id", sa.Uuid(), nullable=True))
    op.add_column(
        "pending_runs",
        sa.Column("is_buffered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "ix_pending_runs_job",
        "pending_runs",
        ["account_id", "job_id", "run_id"],
        postgresql_where=sa.text("job_id IS NOT NULL"),
    )
    op.create_table(
        "timetables",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("schedule", postgresql.JSONB(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("paused_by", sa.String(), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skips_left", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("skip_by", sa.String(), nullable=True),
        sa.Column("skip_reason", sa.String(), nullable=True),
        sa.Column("is_maintenance", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(OWNERS, name=op.f("ck_timetables_owner_kind")),
        sa.CheckConstraint("skips_left >= 0", name=op.f("ck_timetables_skips_left")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_timetables_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "owner_kind", "owner_id", name=op.f("pk_timetables")),
        postgresql_with={"fillfactor": "75"},
    )
    op.create_index(
        "ix_timetables_next",
        "timetables",
        ["next_at"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "fires",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("details", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(OWNERS, name=op.f("ck_fires_owner_kind")),
        sa.CheckConstraint("outcome IN ('ran', 'not_run')", name=op.f("ck_fires_outcome")),
        sa.CheckConstraint(f"reason IN ({REASONS})", name=op.f("ck_fires_reason")),
        sa.CheckConstraint(
            "(outcome = 'ran') = (run_id IS NOT NULL) AND (outcome = 'ran') = (reason IS NULL)",
            name=op.f("ck_fires_run_or_reason"),
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "owner_kind", "owner_id", "planned_at", name=op.f("pk_fires")
        ),
    )
    op.create_index("ix_fires_order", "fires", ["account_id", "id"], unique=True)
    op.create_table(
        "pending_expiries",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(OWNERS, name=op.f("ck_pending_expiries_owner_kind")),
        sa.PrimaryKeyConstraint(
            "account_id", "owner_kind", "owner_id", name=op.f("pk_pending_expiries")
        ),
        postgresql_with=BUSY,
    )
    op.create_index("ix_pending_expiries_due", "pending_expiries", ["due_at"])
    _kinds(f"{KINDS}, 'code'")
    _walls()
    _what_is_there()


def _walls() -> None:
    tables = ", ".join(TENANT_TABLES)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO penstock_app")
    # Reasons are people's words; the sweep sees that something is due, and whose it is.
    op.execute(
        "GRANT SELECT (account_id, owner_kind, owner_id, next_at) ON timetables TO penstock_sweep"
    )
    op.execute("GRANT SELECT ON pending_expiries TO penstock_sweep")
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO penstock_app USING ((account_id = {MINE}) IS TRUE)"
        )
    for table in ("timetables", "pending_expiries"):
        op.execute(f"CREATE POLICY sweep ON {table} FOR SELECT TO penstock_sweep USING (true)")


def _what_is_there() -> None:
    """Jobs that were published before: planned from now on. The first look does the rest."""
    op.execute(
        """
        INSERT INTO timetables (account_id, owner_kind, owner_id, schedule, since, planned_until,
                                next_at)
        SELECT j.account_id, 'job', j.id, j.schedule, n.now, n.now, n.now
          FROM jobs j, (SELECT business_now() AS now) n
         WHERE j.state = 'published' AND j.deleted_at IS NULL
           AND jsonb_typeof(j.schedule) = 'object'
        """
    )
    op.execute(
        """
        INSERT INTO pending_expiries (account_id, owner_kind, owner_id, due_at)
        SELECT j.account_id, 'job', j.id, n.now
          FROM jobs j, (SELECT business_now() AS now) n
         WHERE j.state <> 'expired' AND j.deleted_at IS NULL AND j.expires_at IS NOT NULL
        """
    )


def downgrade() -> None:
    for table in reversed(TENANT_TABLES):
        op.drop_table(table)
    op.execute("DELETE FROM pending_runs WHERE kind = 'code'")
    op.execute("DELETE FROM runs WHERE kind = 'code'")
    _kinds(KINDS)
    op.drop_index("ix_pending_runs_job", table_name="pending_runs")
    op.drop_column("pending_runs", "is_buffered")
    op.drop_column("pending_runs", "job_id")
    op.drop_index("ix_runs_job", table_name="runs")
    op.drop_column("runs", "schedule_minute")
    op.drop_column("runs", "job_id")


def _kinds(listed: str) -> None:
    """Which kinds of runs there may be from now on; 0011 looks at those that are there."""
    for table, more in (("runs", " NOT VALID"), ("pending_runs", "")):
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_kind,"
            f" ADD CONSTRAINT ck_{table}_kind CHECK (kind IN ({listed})){more}"
        )
