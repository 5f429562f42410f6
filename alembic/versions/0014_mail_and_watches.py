"""E-mail and who gets it; whether a success is missed; the sign of life for the outside.

Phase: expand.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0014"
down_revision = "0013"

BUSY = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "2000",
    "autovacuum_vacuum_insert_scale_factor": "0",
    "autovacuum_vacuum_insert_threshold": "20000",
}
TENANT_TABLES = ["messages", "message_copies", "pending_copies", "alert_policies", "watches"]
MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _messages()
    _alerts()
    op.create_table(
        "pulse",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sent_at", TIME, server_default=sa.text("'-infinity'"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_pulse_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulse")),
    )
    op.execute("INSERT INTO pulse (id) VALUES (1)")
    op.execute("GRANT SELECT, UPDATE ON pulse TO penstock_app")
    # They are posted as they are asked for; what was asked for before is forgotten in a month.
    op.drop_index("ix_run_messages_due", table_name="run_messages")
    op.create_index("ix_run_messages_due", "run_messages", ["account_id", "due_at"])
    _walls()
    _what_is_there()


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=True),
        sa.Column("attachments", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_messages_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_made", "messages", ["account_id", "made_at"])
    op.create_table(
        "message_copies",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'kept', 'failed')",
            name=op.f("ck_message_copies_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "message_id"],
            ["messages.account_id", "messages.id"],
            name=op.f("fk_message_copies_account_id_message_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_message_copies")),
    )
    op.create_index("ix_message_copies_message", "message_copies", ["account_id", "message_id"])
    op.create_table(
        "pending_copies",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("copy_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("leased_until", TIME, server_default=sa.text("'-infinity'"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "copy_id", name=op.f("pk_pending_copies")),
        postgresql_with=BUSY,
    )
    op.create_index("ix_pending_copies_due", "pending_copies", ["due_at"])


def _alerts() -> None:
    op.create_table(
        "alert_policies",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("emails", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("on", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_alert_policies_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_alert_policies")),
    )
    op.create_table(
        "watches",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("last_success_at", TIME, nullable=True),
        sa.Column("since", TIME, nullable=True),
        sa.Column("failing_since", TIME, nullable=True),
        sa.Column("down_since", TIME, nullable=True),
        sa.Column("late_at", TIME, nullable=True),
        sa.Column("down_at", TIME, nullable=True),
        sa.Column("look_at", TIME, nullable=True),
        sa.CheckConstraint(
            "owner_kind IN ('job', 'group', 'batch', 'campaign')",
            name=op.f("ck_watches_owner_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_watches_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "owner_kind", "owner_id", name=op.f("pk_watches")),
        postgresql_with={"fillfactor": "75"},
    )
    op.create_index(
        "ix_watches_look",
        "watches",
        ["look_at"],
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )


def _walls() -> None:
    tables = ", ".join(TENANT_TABLES)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO penstock_app")
    op.execute("GRANT SELECT ON pending_copies TO penstock_sweep")
    op.execute(
        "GRANT SELECT (account_id, owner_kind, owner_id, look_at) ON watches TO penstock_sweep"
    )
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO penstock_app USING ((account_id = {MINE}) IS TRUE)"
        )
    for table in ("watches", "pending_copies"):
        op.execute(f"CREATE POLICY sweep ON {table} FOR SELECT TO penstock_sweep USING (true)")


def _what_is_there() -> None:
    """Timetables of before are looked at at once, which says when to look again."""
    op.execute(
        """
        INSERT INTO watches (account_id, owner_kind, owner_id, since, look_at)
        SELECT t.account_id, t.owner_kind, t.owner_id, n.now, n.now
          FROM timetables t, (SELECT business_now() AS now) n
        """
    )


def downgrade() -> None:
    op.drop_table("pulse")
    for table in ("watches", "alert_policies", "pending_copies", "message_copies", "messages"):
        op.drop_table(table)
    op.drop_index("ix_run_messages_due", table_name="run_messages")
    op.create_index(
        "ix_run_messages_due",
        "run_messages",
        ["account_id", "due_at", "id"],
        postgresql_where=sa.text("sent_at IS NULL"),
    )
