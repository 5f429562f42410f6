"""What an answer that is kept for its repeats says besides its body: its version, when to come again.

Phase: expand. Answers that were kept before say neither, as until now.
"""

import sqlalchemy as sa

from alembic import op

revision = "0027"
down_revision = "0026_checked"

_COLUMNS = ("etag", "retry_after")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("idempotency_keys", sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("idempotency_keys", name)
