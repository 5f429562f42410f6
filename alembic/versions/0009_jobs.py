"""Jobs, the versions of their code, their variables; what is used up of an account's days.

Phase: expand.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0009"
down_revision = "0008"

TENANT_TABLES = ["jobs", "job_versions", "job_variables", "account_days", "job_days"]
MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("config", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        sa.Column("ad_hoc", sa.Boolean(), nullable=False),
        sa.Column("schedule", postgresql.JSONB(), nullable=True),
        sa.Column("timeout", sa.Interval(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("never_expires", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("alert", postgresql.JSONB(), nullable=True),
        sa.Column("active_version", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("expiry_warnings", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('import', 'export', 'code', 'maintenance')", name=op.f("ck_jobs_kind")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'unpublished', 'expired')", name=op.f("ck_jobs_state")
        ),
        sa.CheckConstraint("timeout > interval '0'", name=op.f("ck_jobs_timeout")),
        sa.CheckConstraint("retries >= 0", name=op.f("ck_jobs_retries")),
        sa.CheckConstraint("expires_at IS NULL OR NOT never_expires", name=op.f("ck_jobs_expiry")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_jobs_account_id")),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "uq_jobs_name",
        "jobs",
        ["account_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL AND state <> 'expired'"),
    )
    op.create_table(
        "job_versions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_as", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("layer_id", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "job_id"],
            ["jobs.account_id", "jobs.id"],
            name=op.f("fk_job_versions_account_id_job_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "job_id", "number", name=op.f("pk_job_versions")),
    )
    op.create_table(
        "job_variables",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("variables", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secrets", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "job_id"],
            ["jobs.account_id", "jobs.id"],
            name=op.f("fk_job_variables_account_id_job_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "job_id", name=op.f("pk_job_variables")),
    )
    op.create_table(
        "account_days",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("executions", sa.Integer(), server_default=sa.text("'0'"), nullable=False),
        sa.Column("booked", sa.Interval(), server_default=sa.text("'0'"), nullable=False),
        sa.Column("reserved", sa.Interval(), server_default=sa.text("'0'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_days_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_account_days")),
    )
    op.create_table(
        "job_days",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("invocations", sa.Integer(), server_default=sa.text("'0'"), nullable=False),
        sa.Column("booked", sa.Interval(), server_default=sa.text("'0'"), nullable=False),
        sa.Column("reserved", sa.Interval(), server_default=sa.text("'0'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "job_id"],
            ["jobs.account_id", "jobs.id"],
            name=op.f("fk_job_days_account_id_job_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "job_id", "day", name=op.f("pk_job_days")),
    )
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TENANT_TABLES)} TO penstock_app"
    )
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO penstock_app USING ((account_id = {MINE}) IS TRUE)"
        )


def downgrade() -> None:
    for table in reversed(TENANT_TABLES):
        op.drop_table(table)
