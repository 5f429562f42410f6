"""Sequences, who is in them, and what is to be done with them; the kind of their batches' runs.

Phase: expand.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0016"
down_revision = "0015_checked"

BUSY = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "2000",
    "autovacuum_vacuum_insert_scale_factor": "0",
    "autovacuum_vacuum_insert_threshold": "20000",
}
TENANT_TABLES = [
    "sequences",
    "sequence_actions",
    "participations",
    "participant_actions",
    "pending_actions",
    "pending_sends",
]
MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)
KINDS = "'scoring', 'clock', 'import', 'export', 'code', 'group', 'launch'"


def upgrade() -> None:
    op.create_table(
        "pending_actions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("sequence_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "action_id", name=op.f("pk_pending_actions")),
        postgresql_with=BUSY,
    )
    op.create_index(
        "ix_pending_actions_due",
        "pending_actions",
        ["account_id", "sequence_id", "due_at", "action_id"],
    )
    op.create_table(
        "pending_sends",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("sequence_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "action_id", name=op.f("pk_pending_sends")),
        postgresql_with=BUSY,
    )
    op.create_index(
        "ix_pending_sends_next", "pending_sends", ["account_id", "sequence_id", "action_id"]
    )
    op.create_table(
        "sequences",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entrance", postgresql.JSONB(), nullable=True),
        sa.Column("exit", postgresql.JSONB(), nullable=True),
        sa.Column("enrolment", sa.String(), nullable=False),
        sa.Column("may_reenter", sa.Boolean(), nullable=False),
        sa.Column("looked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "enrolment IN ('manual', 'automatic')", name=op.f("ck_sequences_enrolment")
        ),
        sa.CheckConstraint(
            "object IN ('campaign_member', 'contact', 'lead', 'opportunity')",
            name=op.f("ck_sequences_object"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'active', 'inactive')", name=op.f("ck_sequences_state")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sequences_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_sequences")),
    )
    op.create_index(
        "uq_sequences_name",
        "sequences",
        ["account_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "participations",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence_id", sa.Uuid(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("exit_reason", sa.String(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "exit_reason IN ('opted_out', 'converted', 'exit_criteria', 'removed', 'sequence_deleted')",
            name=op.f("ck_participations_exit_reason"),
        ),
        sa.CheckConstraint(
            "object IN ('campaign_member', 'contact', 'lead', 'opportunity')",
            name=op.f("ck_participations_object"),
        ),
        sa.CheckConstraint(
            "state IN ('active', 'completed', 'exited')", name=op.f("ck_participations_state")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "person_id"],
            ["people.account_id", "people.id"],
            name=op.f("fk_participations_account_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "sequence_id"],
            ["sequences.account_id", "sequences.id"],
            name=op.f("fk_participations_account_id_sequence_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_participations")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_participations_object",
        "participations",
        ["account_id", "sequence_id", "object_id", "person_id"],
    )
    op.create_index(
        "ix_participations_person",
        "participations",
        ["account_id", "person_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_participations_sequence", "participations", ["account_id", "sequence_id", "id"]
    )
    op.create_index(
        "uq_participations_live",
        "participations",
        ["account_id", "sequence_id", "object_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "sequence_actions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("delay", sa.Interval(), nullable=False),
        sa.Column("criteria", postgresql.JSONB(), nullable=True),
        sa.Column("on_unmet", sa.String(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "NOT is_automatic OR type = 'email'", name=op.f("ck_sequence_actions_automatic_email")
        ),
        sa.CheckConstraint(
            "on_unmet IN ('wait', 'skip')", name=op.f("ck_sequence_actions_on_unmet")
        ),
        sa.CheckConstraint(
            "type IN ('call', 'email', 'sms', 'task')", name=op.f("ck_sequence_actions_type")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "sequence_id"],
            ["sequences.account_id", "sequences.id"],
            name=op.f("fk_sequence_actions_account_id_sequence_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_sequence_actions")),
    )
    op.create_index(
        "uq_sequence_actions_position",
        "sequence_actions",
        ["account_id", "sequence_id", "position"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "participant_actions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("sequence_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_initiated", sa.Boolean(), nullable=False),
        sa.Column("actual_execution_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("show_on_today", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("deferral_reason", sa.String(), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.CheckConstraint(
            "deferral_reason IN ('WAIT_CRITERIA', 'SKIP_CRITERIA', 'OPTED_OUT', 'PREVIOUSLY_ATTEMPTED_EMAIL', 'BLANK_EMAIL_ADDRESS', 'EMPTY_EMAIL_BODY', 'BAD_SYNTAX_EMAIL_BODY')",
            name=op.f("ck_participant_actions_deferral_reason"),
        ),
        sa.CheckConstraint(
            "status IN ('upcoming', 'sending_soon', 'on_engage', 'initiated', 'completed', 'auto_skipped', 'manually_skipped', 'not_actionable')",
            name=op.f("ck_participant_actions_status"),
        ),
        sa.CheckConstraint(
            "type IN ('call', 'email', 'sms', 'task')", name=op.f("ck_participant_actions_type")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "action_id"],
            ["sequence_actions.account_id", "sequence_actions.id"],
            name=op.f("fk_participant_actions_account_id_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "participation_id"],
            ["participations.account_id", "participations.id"],
            name=op.f("fk_participant_actions_account_id_participation_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_participant_actions")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_participant_actions_today",
        "participant_actions",
        ["account_id", "owner", "priority", "due_at", "id"],
        postgresql_where=sa.text("show_on_today"),
    )
    op.create_index(
        "ix_participant_actions_shown",
        "participant_actions",
        ["account_id", "person_id"],
        postgresql_where=sa.text("show_on_today"),
    )
    op.create_index(
        "uq_participant_actions_position",
        "participant_actions",
        ["account_id", "participation_id", "position"],
        unique=True,
    )
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TENANT_TABLES)} TO penstock_app"
    )
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO penstock_app USING ((account_id = {MINE}) IS TRUE)"
        )
    _kinds(f"{KINDS}, 'batch'")


def downgrade() -> None:
    op.execute("DELETE FROM pending_runs WHERE kind = 'batch'")
    op.execute("DELETE FROM runs WHERE kind = 'batch'")
    _kinds(KINDS)
    for table in (
        "pending_sends",
        "pending_actions",
        "participant_actions",
        "participations",
        "sequence_actions",
        "sequences",
    ):
        op.drop_table(table)


def _kinds(listed: str) -> None:
    """Which kinds of runs there may be from now on; 0021 looks at those that are there."""
    for table, more in (("runs", " NOT VALID"), ("pending_runs", "")):
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_kind,"
            f" ADD CONSTRAINT ck_{table}_kind CHECK (kind IN ({listed})){more}"
        )
