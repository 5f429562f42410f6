"""Uploads, the rows of files, runs that are claimed, files that runs leave.

Phase: expand.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0007"
down_revision = "0006"

BUSY = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "2000",
    "autovacuum_vacuum_insert_scale_factor": "0",
    "autovacuum_vacuum_insert_threshold": "20000",
}
TENANT_TABLES = [
    "uploads",
    "upload_pieces",
    "import_chunks",
    "pending_imports",
    "pending_runs",
    "run_files",
]
SWEPT_TABLES = ["pending_imports", "pending_runs"]
MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("mapping", postgresql.JSONB(), nullable=True),
        sa.Column("format", postgresql.JSONB(), nullable=False),
        sa.Column("expected_rows", sa.BigInteger(), nullable=True),
        sa.Column("expected_sha256", sa.String(), nullable=True),
        sa.Column("stop_after", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("columns", postgresql.JSONB(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("parent_run_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("object IN ('responses', 'people')", name=op.f("ck_uploads_object")),
        sa.CheckConstraint(
            "operation IN ('insert', 'update', 'upsert')", name=op.f("ck_uploads_operation")
        ),
        sa.CheckConstraint(
            "state IN ('Open', 'UploadComplete', 'InProgress', 'JobComplete', 'Failed', 'Aborted')",
            name=op.f("ck_uploads_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_uploads_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_run", "uploads", ["account_id", "run_id"], unique=False)
    op.create_table(
        "upload_pieces",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("first_byte", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "upload_id"],
            ["uploads.account_id", "uploads.id"],
            name=op.f("fk_upload_pieces_account_id_upload_id"),
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "upload_id", "first_byte", name=op.f("pk_upload_pieces")
        ),
    )
    op.create_table(
        "import_chunks",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lane_id", sa.Uuid(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("results", sa.LargeBinary(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "run_id", "number", name=op.f("pk_import_chunks")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "pending_imports",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("lane_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "lane_id", "run_id", "number", name=op.f("pk_pending_imports")
        ),
        postgresql_with=BUSY,
    )
    op.create_table(
        "pending_runs",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column(
            "leased_until",
            sa.DateTime(timezone=True),
            server_default=sa.text("'-infinity'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('scoring', 'clock', 'import', 'export')", name=op.f("ck_pending_runs_kind")
        ),
        sa.PrimaryKeyConstraint("account_id", "run_id", name=op.f("pk_pending_runs")),
        postgresql_with=BUSY,
    )
    op.create_table(
        "run_files",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_as", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "run_id"],
            ["runs.account_id", "runs.id"],
            name=op.f("fk_run_files_account_id_run_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "run_id", "name", name=op.f("pk_run_files")),
    )
    # Rows of chunks are packed already; packing them again would cost and save nothing.
    op.execute(
        "ALTER TABLE import_chunks ALTER payload SET STORAGE EXTERNAL,"
        " ALTER results SET STORAGE EXTERNAL"
    )
    _kinds("'scoring', 'clock', 'import', 'export'")
    tables = ", ".join(TENANT_TABLES)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO penstock_app")
    op.execute(f"GRANT SELECT ON {', '.join(SWEPT_TABLES)} TO penstock_sweep")
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO penstock_app USING ((account_id = {MINE}) IS TRUE)"
        )
    for table in SWEPT_TABLES:
        op.execute(f"CREATE POLICY sweep ON {table} FOR SELECT TO penstock_sweep USING (true)")


def downgrade() -> None:
    for table in reversed(TENANT_TABLES):
        op.drop_table(table)
    op.execute("DELETE FROM runs WHERE kind IN ('import', 'export')")
    _kinds("'scoring', 'clock'")


def _kinds(listed: str) -> None:
    """Which kinds of runs there may be from now on; 0008 looks at those that are there."""
    op.execute(
        "ALTER TABLE runs DROP CONSTRAINT ck_runs_kind,"
        f" ADD CONSTRAINT ck_runs_kind CHECK (kind IN ({listed})) NOT VALID"
    )
