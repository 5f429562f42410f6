"""Timetables whose due moments cannot be fired: since when, how often tried, when again.

Phase: expand.
"""

import sqlalchemy as sa

from alembic import op

revision = "0019"
down_revision = "0016"


def upgrade() -> None:
    op.add_column(
        "timetables",
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("timetables", sa.Column("held_up_since", sa.DateTime(timezone=True)))
    op.add_column("timetables", sa.Column("try_again_at", sa.DateTime(timezone=True)))
    op.execute("GRANT SELECT (try_again_at) ON timetables TO penstock_sweep")


def downgrade() -> None:
    op.drop_column("timetables", "try_again_at")
    op.drop_column("timetables", "held_up_since")
    op.drop_column("timetables", "tries")
