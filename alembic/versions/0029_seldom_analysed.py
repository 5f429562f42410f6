"""Large tables are analysed once they have grown by half, not by a tenth.

Phase: expand.
"""

from alembic import op

revision = "0029"
down_revision = "0028"

_TABLES = ("people", "responses", "intake_keys", "events")


def upgrade() -> None:
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} SET (autovacuum_analyze_scale_factor = 0.5)")


def downgrade() -> None:
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} RESET (autovacuum_analyze_scale_factor)")
