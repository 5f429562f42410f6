"""Layers of code, so that those nobody needs can go; since when a day is used up.

Phase: expand.
"""

import sqlalchemy as sa

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column(
        "account_days", sa.Column("used_up_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "code_layers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_layers")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON code_layers TO penstock_app")
    op.execute(
        "INSERT INTO code_layers (id, wanted_at) SELECT DISTINCT layer_id, clock_timestamp()"
        " FROM job_versions WHERE layer_id IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("code_layers")
    op.drop_column("account_days", "used_up_at")
