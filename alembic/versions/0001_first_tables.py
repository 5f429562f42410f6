"""The first tables.

Phase: expand. Functions, roles and row-level security follow in 0002.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("plan", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
    )
    op.create_table(
        "active_responses",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "person_id", name=op.f("pk_active_responses")),
    )
    op.create_table(
        "business_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offset", sa.Interval(), nullable=False),
        sa.Column("target", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_business_clock_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_clock")),
    )
    op.create_table(
        "events",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_order", "events", ["account_id", "xid", "id"], unique=False)
    op.create_table(
        "heartbeats",
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("location", sa.String(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "method", "path", "key", name=op.f("pk_idempotency_keys")
        ),
    )
    op.create_index(
        "ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False
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
        "status_counts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "campaign_id", "status", name=op.f("pk_status_counts")
        ),
    )
    op.create_table(
        "status_deltas",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_deltas")),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0",
            "autovacuum_vacuum_threshold": "2000",
            "autovacuum_vacuum_insert_scale_factor": "0",
            "autovacuum_vacuum_insert_threshold": "20000",
        },
    )
    op.create_index(
        "ix_status_deltas_campaign", "status_deltas", ["account_id", "campaign_id"], unique=False
    )
    op.create_table(
        "campaigns",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("member_statuses", postgresql.JSONB(), nullable=False),
        sa.Column("default_responded_status", sa.String(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=True),
        sa.Column("repeat_limit", sa.Integer(), nullable=True),
        sa.Column("owners", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("auto_launch", postgresql.JSONB(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("launched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_campaigns_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("account_id", "code", name=op.f("uq_campaigns_account_id_code")),
    )
    op.create_table(
        "integrations",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_integrations_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_integrations")),
    )
    op.create_table(
        "opportunities",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name=op.f("ck_opportunities_state")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_opportunities_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_opportunities")),
        sa.UniqueConstraint(
            "account_id", "external_id", name=op.f("uq_opportunities_account_id_external_id")
        ),
    )
    op.create_table(
        "people",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_folded", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("first_name", sa.String(), nullable=True),
        sa.Column("last_name", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("company", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("industry", sa.String(), nullable=True),
        sa.Column("lead_source", sa.String(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("email_opted_out", sa.Boolean(), nullable=False),
        sa.Column("sms_opted_out", sa.Boolean(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nurture_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_status", sa.String(), nullable=True),
        sa.Column("active_response_id", sa.Uuid(), nullable=True),
        sa.Column("last_response_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('lead', 'contact')", name=op.f("ck_people_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_people_account_id")),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_people")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "uq_people_email_folded",
        "people",
        ["account_id", "email_folded"],
        unique=True,
        postgresql_where=sa.text("email_folded IS NOT NULL"),
    )
    op.create_index(
        "uq_people_external_id",
        "people",
        ["account_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "rulesets",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_rulesets_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_rulesets")),
        sa.UniqueConstraint("account_id", "version", name=op.f("uq_rulesets_account_id_version")),
    )
    op.create_index(
        "uq_rulesets_active",
        "rulesets",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "runs",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("parent_run_id", sa.Uuid(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("processed", sa.BigInteger(), nullable=True),
        sa.Column("succeeded", sa.BigInteger(), nullable=True),
        sa.Column("failed", sa.BigInteger(), nullable=True),
        sa.Column("skipped", sa.BigInteger(), nullable=True),
        sa.Column("unprocessed", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=True),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("details", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_detail", sa.String(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('scoring', 'clock')", name=op.f("ck_runs_kind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'succeeded_with_warnings', 'failed', 'cancelled')",
            name=op.f("ck_runs_state"),
        ),
        sa.CheckConstraint(
            "trigger IN ('schedule', 'api', 'force', 'group', 'retry', 'resume')",
            name=op.f("ck_runs_trigger"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_runs_account_id")),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_runs")),
        postgresql_with={"fillfactor": "75"},
    )
    op.create_index("ix_runs_subject", "runs", ["account_id", "subject_id", "id"], unique=False)
    op.create_table(
        "scoring_settings",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_scoring_settings_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_scoring_settings")),
    )
    op.create_table(
        "users",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('person', 'integration')", name=op.f("ck_users_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_users_account_id")),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_users_account_id_name")),
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
    op.create_table(
        "api_keys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("secret_digest", sa.String(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rotated_to", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "user_id"],
            ["users.account_id", "users.id"],
            name=op.f("fk_api_keys_account_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_keys_public_id")),
    )
    op.create_table(
        "opportunity_contacts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "opportunity_id"],
            ["opportunities.account_id", "opportunities.id"],
            name=op.f("fk_opportunity_contacts_account_id_opportunity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "person_id"],
            ["people.account_id", "people.id"],
            name=op.f("fk_opportunity_contacts_account_id_person_id"),
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "opportunity_id", "person_id", name=op.f("pk_opportunity_contacts")
        ),
    )
    op.create_index(
        "ix_opportunity_contacts_person",
        "opportunity_contacts",
        ["account_id", "person_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_opportunity_contacts_person", table_name="opportunity_contacts")
    op.drop_table("opportunity_contacts")
    op.drop_table("api_keys")
    op.drop_index(
        "uq_windows_open", table_name="windows", postgresql_where=sa.text("closed_at IS NULL")
    )
    op.drop_index(
        "ix_windows_closing", table_name="windows", postgresql_where=sa.text("closed_at IS NULL")
    )
    op.drop_table("windows")
    op.drop_table("users")
    op.drop_table("scoring_settings")
    op.drop_index("ix_runs_subject", table_name="runs")
    op.drop_table("runs")
    op.drop_index(
        "uq_rulesets_active", table_name="rulesets", postgresql_where=sa.text("is_active")
    )
    op.drop_table("rulesets")
    op.drop_index(
        "uq_people_external_id",
        table_name="people",
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_people_email_folded",
        table_name="people",
        postgresql_where=sa.text("email_folded IS NOT NULL"),
    )
    op.drop_table("people")
    op.drop_table("opportunities")
    op.drop_table("integrations")
    op.drop_table("campaigns")
    op.drop_index("ix_status_deltas_campaign", table_name="status_deltas")
    op.drop_table("status_deltas")
    op.drop_table("status_counts")
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
    op.drop_index("ix_idempotency_keys_created_at", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("heartbeats")
    op.drop_index("ix_events_order", table_name="events")
    op.drop_table("events")
    op.drop_table("business_clock")
    op.drop_table("active_responses")
    op.drop_table("accounts")
