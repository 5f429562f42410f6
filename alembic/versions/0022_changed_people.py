"""People by the time of their last change, for batches that look for who has changed since.

Phase: expand. A summary of pages: it takes no room, and updates of a person stay off every index.
Building it reads the whole table once.
"""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index(
        "ix_people_changed",
        "people",
        ["updated_at"],
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "16", "autosummarize": "on"},
    )


def downgrade() -> None:
    op.drop_index("ix_people_changed", "people")
