"""Files of participants: a word more for what a file's rows are, and into which sequence they go.

Phase: expand. The check is of new rows; those that were there before are checked later on.
"""

import sqlalchemy as sa

from alembic import op

revision = "0026"
down_revision = "0024"

OBJECTS = "'responses', 'people'"


def upgrade() -> None:
    op.add_column("uploads", sa.Column("sequence_id", sa.Uuid(), nullable=True))
    _check(f"{OBJECTS}, 'participants'")


def downgrade() -> None:
    op.execute("DELETE FROM uploads WHERE object = 'participants'")
    _check(OBJECTS)
    op.drop_column("uploads", "sequence_id")


def _check(words: str) -> None:
    op.execute("ALTER TABLE uploads DROP CONSTRAINT ck_uploads_object")
    op.execute(
        "ALTER TABLE uploads ADD CONSTRAINT ck_uploads_object"
        f" CHECK (object IN ({words})) NOT VALID"
    )
