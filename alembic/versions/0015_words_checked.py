"""The kinds of runs and of what has a schedule, groups among them, checked for older rows.

Phase: expand. In a transaction of its own: it reads whole tables, and nobody need wait for that.
"""

from alembic import op

revision = "0015_checked"
down_revision = "0015"

_CHECKED = {
    "timetables": "owner_kind",
    "fires": "owner_kind",
    "pending_expiries": "owner_kind",
    "watches": "owner_kind",
    "runs": "kind",
    "pending_runs": "kind",
}


def upgrade() -> None:
    for table, column in _CHECKED.items():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{column}")


def downgrade() -> None:
    pass
