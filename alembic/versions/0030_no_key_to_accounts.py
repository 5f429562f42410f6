"""People name their account without a foreign key: its check wrote a lock into the account's row.

Phase: contract.
"""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.drop_constraint("fk_people_account_id", "people", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key("fk_people_account_id", "people", "accounts", ["account_id"], ["id"])
