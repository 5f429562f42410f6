"""What the rows of files are, participants among them, checked for the files that were there before.

Phase: expand. In a transaction of its own: it reads the whole table, and nobody need wait for that.
"""

from alembic import op

revision = "0026_checked"
down_revision = "0026"


def upgrade() -> None:
    op.execute("ALTER TABLE uploads VALIDATE CONSTRAINT ck_uploads_object")


def downgrade() -> None:
    pass
