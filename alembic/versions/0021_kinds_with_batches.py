"""The kinds of runs, batches among them, checked for the rows that were there before.

Phase: expand. In a transaction of its own: it reads the whole table, and nobody need wait for that.
"""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("ALTER TABLE runs VALIDATE CONSTRAINT ck_runs_kind")


def downgrade() -> None:
    pass
