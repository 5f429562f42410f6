"""Runs of code: their logs, what they want sent, who cancelled them; where code may go.

Phase: expand.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0012"
down_revision = "0011"

TENANT_TABLES = ["run_log_chunks", "run_messages"]
MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column(
            "code_allow_list", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False
        ),
    )
    op.add_column(
        "accounts",
        sa.Column(
            "code_only_listed", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.add_column("heartbeats", sa.Column("sandbox", sa.String(), nullable=True))
    op.add_column("runs", sa.Column("code_version", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("cancel_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("runs", sa.Column("cancelled_by", sa.String(), nullable=True))
    op.add_column("runs", sa.Column("cancel_reason", sa.String(), nullable=True))
    op.create_table(
        "run_log_chunks",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("first_line", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("levels", sa.SmallInteger(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "run_id"],
            ["runs.account_id", "runs.id"],
            name=op.f("fk_run_log_chunks_account_id_run_id"),
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "run_id", "first_line", name=op.f("pk_run_log_chunks")
        ),
    )
    op.create_table(
        "run_messages",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("is_html", sa.Boolean(), nullable=False),
        sa.Column("attachments", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_run_messages_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_run_messages")),
    )
    op.create_index("ix_run_messages_run", "run_messages", ["account_id", "run_id"])
    op.create_index(
        "ix_run_messages_due",
        "run_messages",
        ["account_id", "due_at", "id"],
        postgresql_where=sa.text("sent_at IS NULL"),
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
    for column in ("cancel_reason", "cancelled_by", "cancel_asked_at", "code_version"):
        op.drop_column("runs", column)
    op.drop_column("heartbeats", "sandbox")
    op.drop_column("accounts", "code_only_listed")
    op.drop_column("accounts", "code_allow_list")
