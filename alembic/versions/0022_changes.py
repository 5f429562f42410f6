"""Who changed a definition, and when.

Phase: expand.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0022"
down_revision = "0021"

MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)
OWNERS = "owner_kind IN ('job', 'group', 'batch', 'campaign')"


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(OWNERS, name=op.f("ck_changes_owner_kind")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_changes_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_changes")),
    )
    op.create_index("ix_changes_owner", "changes", ["account_id", "owner_kind", "owner_id", "id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON changes TO penstock_app")
    op.execute("ALTER TABLE changes ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON changes TO penstock_app USING ((account_id = {MINE}) IS TRUE)"
    )


def downgrade() -> None:
    op.drop_table("changes")
