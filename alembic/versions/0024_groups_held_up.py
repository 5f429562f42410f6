"""Groups' runs that cannot be moved on: since when, how often tried, when again.

Phase: expand.
"""

import sqlalchemy as sa

from alembic import op

revision = "0024"
down_revision = "0022"


def upgrade() -> None:
    op.add_column(
        "pending_groups",
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("pending_groups", sa.Column("held_up_since", sa.DateTime(timezone=True)))
    op.add_column("pending_groups", sa.Column("try_again_at", sa.DateTime(timezone=True)))
    # How many are held up is shown to the operator.
    op.execute("GRANT SELECT (held_up_since) ON timetables TO penstock_sweep")


def downgrade() -> None:
    op.execute("REVOKE SELECT (held_up_since) ON timetables FROM penstock_sweep")
    op.drop_column("pending_groups", "try_again_at")
    op.drop_column("pending_groups", "held_up_since")
    op.drop_column("pending_groups", "tries")
