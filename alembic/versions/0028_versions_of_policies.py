"""Which version an account's alert policy is, so that nobody writes over what he has not seen.

Phase: expand.
"""

import sqlalchemy as sa

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column(
        "alert_policies", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )


def downgrade() -> None:
    op.drop_column("alert_policies", "version")
