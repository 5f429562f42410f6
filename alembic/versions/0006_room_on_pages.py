"""Room on the pages of responses for both of a response's rewrites.

Phase: expand. Responses taken in together lie on the same pages and are scored together: with a
quarter of a page free, two thirds of the new versions went to other pages, and so into every index
again. Pages written before keep their room; the change takes no time and no long lock.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE responses SET (fillfactor = 50)")


def downgrade() -> None:
    op.execute("ALTER TABLE responses SET (fillfactor = 75)")
