"""Responses and what waits: the tables of intake, windows and lanes.

Phase: expand. Functions, roles and row-level security follow in 0004.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "active_responses",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "person_id", name=op.f("pk_active_responses")),
    )
    op.create_table(
        "intake_keys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "user_id", "external_id", name=op.f("pk_intake_keys")
        ),
    )
    op.create_index(
        "ix_intake_keys_received_at", "intake_keys", ["account_id", "received_at"], unique=False
    )
    op.create_table(
        "lanes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column(
            "leased_until",
            sa.DateTime(timezone=True),
            server_default=sa.text("'-infinity'"),
            nullable=False,
        ),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "campaign_id", name=op.f("pk_lanes")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index(
        "ix_lanes_unfinished",
        "lanes",
        ["account_id", "campaign_id"],
        unique=False,
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )
    op.create_table(
        "owner_turns",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "list_id", name=op.f("pk_owner_turns")),
    )
    op.create_table(
        "pending_resolution",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_grace", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "response_id", name=op.f("pk_pending_resolution")),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0",
            "autovacuum_vacuum_threshold": "2000",
            "autovacuum_vacuum_insert_scale_factor": "0",
            "autovacuum_vacuum_insert_threshold": "20000",
        },
    )
    op.create_index(
        "ix_pending_resolution_due",
        "pending_resolution",
        ["account_id", "campaign_id", "priority", "due_at", "response_id"],
        unique=False,
    )
    op.create_index(
        "ix_pending_resolution_grace",
        "pending_resolution",
        ["account_id", "person_id"],
        unique=False,
        postgresql_where=sa.text("has_grace"),
    )
    op.create_table(
        "pending_scoring",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("window_id", sa.Uuid(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "window_id IS NULL OR due_at IS NULL",
            name=op.f("ck_pending_scoring_one_reason_to_wait"),
        ),
        sa.PrimaryKeyConstraint("account_id", "response_id", name=op.f("pk_pending_scoring")),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0",
            "autovacuum_vacuum_threshold": "2000",
            "autovacuum_vacuum_insert_scale_factor": "0",
            "autovacuum_vacuum_insert_threshold": "20000",
        },
    )
    op.create_index(
        "ix_pending_scoring_due",
        "pending_scoring",
        ["account_id", "campaign_id", "priority", "due_at", "response_id"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_pending_scoring_person", "pending_scoring", ["account_id", "person_id"], unique=False
    )
    op.create_index(
        "ix_pending_scoring_window",
        "pending_scoring",
        ["account_id", "campaign_id", "window_id", "response_id"],
        unique=False,
        postgresql_where=sa.text("window_id IS NOT NULL"),
    )
    op.create_table(
        "responses",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("repeat_number", sa.SmallInteger(), nullable=False),
        sa.Column("member_status", sa.String(), nullable=False),
        sa.Column("is_responded", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("is_prompt", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("responded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("score_total", sa.BigInteger(), nullable=True),
        sa.Column("score_person", sa.BigInteger(), nullable=True),
        sa.Column("score_campaign", sa.BigInteger(), nullable=True),
        sa.Column("score_rules", sa.BigInteger(), nullable=True),
        sa.Column("matched_rules", postgresql.ARRAY(sa.SmallInteger()), nullable=True),
        sa.Column("ruleset_version", sa.Integer(), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "mode IN ('synchronous', 'asynchronous', 'window', 'manual')",
            name=op.f("ck_responses_mode"),
        ),
        sa.CheckConstraint(
            "status IN ('Pending - Scoring', 'Pending - TQR', 'Open - Not Contacted', 'Attempting Contact', 'Working', 'Qualified - New Opportunity', 'Not a Response', 'Resolved - Already Engaged', 'Resolved - No Action Required', 'Resolved - Existing Opportunity', 'Resolved - Opportunity Deleted', 'Resolved - Opportunity Won', 'Resolved - Opportunity Lost', 'Nurture/Marketing', 'Disqualified')",
            name=op.f("ck_responses_status"),
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_responses")),
        postgresql_with={"fillfactor": "75"},
    )
    op.create_index(
        "ix_responses_campaign", "responses", ["account_id", "campaign_id", "id"], unique=False
    )
    op.create_index(
        "uq_responses_person_campaign_repeat",
        "responses",
        ["account_id", "person_id", "campaign_id", "repeat_number"],
        unique=True,
    )
    op.create_table(
        "row_failures",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "stage IN ('scoring', 'resolution')", name=op.f("ck_row_failures_stage")
        ),
        sa.PrimaryKeyConstraint("account_id", "response_id", name=op.f("pk_row_failures")),
    )
    op.create_table(
        "windows",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("full_rows", sa.Integer(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_by", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_who", sa.String(), nullable=True),
        sa.Column("closed_rows", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "closed_by IN ('delay', 'size', 'flush', 'hold_ended')",
            name=op.f("ck_windows_closed_by"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_windows_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_windows")),
    )
    op.create_index(
        "ix_windows_closing",
        "windows",
        ["closes_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "uq_windows_open",
        "windows",
        ["account_id", "user_id", "campaign_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_windows_open", table_name="windows", postgresql_where=sa.text("closed_at IS NULL")
    )
    op.drop_index(
        "ix_windows_closing", table_name="windows", postgresql_where=sa.text("closed_at IS NULL")
    )
    op.drop_table("windows")
    op.drop_table("row_failures")
    op.drop_index("uq_responses_person_campaign_repeat", table_name="responses")
    op.drop_index("ix_responses_campaign", table_name="responses")
    op.drop_table("responses")
    op.drop_index(
        "ix_pending_scoring_window",
        table_name="pending_scoring",
        postgresql_where=sa.text("window_id IS NOT NULL"),
    )
    op.drop_index("ix_pending_scoring_person", table_name="pending_scoring")
    op.drop_index(
        "ix_pending_scoring_due",
        table_name="pending_scoring",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("pending_scoring")
    op.drop_index(
        "ix_pending_resolution_grace",
        table_name="pending_resolution",
        postgresql_where=sa.text("has_grace"),
    )
    op.drop_index("ix_pending_resolution_due", table_name="pending_resolution")
    op.drop_table("pending_resolution")
    op.drop_table("owner_turns")
    op.drop_table("lanes")
    op.drop_index("ix_intake_keys_received_at", table_name="intake_keys")
    op.drop_table("intake_keys")
    op.drop_table("active_responses")
