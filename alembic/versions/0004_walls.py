"""Functions, roles and row-level security.

Phase: expand. The login that migrates owns the tables; the service steps down to one of two
roles (see app/core/db.py) which this migration makes and gives to that login.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

TENANT_TABLES = [
    "users",
    "api_keys",
    "idempotency_keys",
    "integrations",
    "people",
    "campaigns",
    "responses",
    "intake_keys",
    "pending_scoring",
    "pending_resolution",
    "windows",
    "lanes",
    "active_responses",
    "owner_turns",
    "rulesets",
    "scoring_settings",
    "opportunities",
    "opportunity_contacts",
    "runs",
    "row_failures",
    "events",
    "status_counts",
    "status_deltas",
]

# What the sweep may read of all accounts: pending work, leases, windows, runs; never people.
SWEPT_TABLES = [
    "pending_scoring",
    "pending_resolution",
    "windows",
    "lanes",
    "runs",
    "status_deltas",
]

# Inside a scalar subquery the setting is read once a statement instead of once a row.
MINE = (
    "ANY ((SELECT string_to_array(nullif(current_setting('app.account_ids', true), ''), ',')"
    "::uuid[])::uuid[])"
)

ROLES = """
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['penstock_app', 'penstock_sweep'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
        -- Another database on this server may have given it before; only its giver may again.
        IF NOT pg_has_role(CURRENT_USER, name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        END IF;
    END LOOP;
END $$
"""

FUNCTIONS = [
    """
    CREATE FUNCTION business_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    $$ SELECT clock_timestamp() + "offset" FROM business_clock $$
    """,
    # A key finds its account, so it is looked up before any account is known.
    """
    CREATE FUNCTION find_api_key(shown text)
    RETURNS TABLE (account_id uuid, key_id uuid, user_id uuid, user_name text, timezone text,
                   secret_digest text, scopes text[], expires_at timestamptz, revoked_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
    $$ SELECT k.account_id, k.id, k.user_id, u.name, a.timezone, k.secret_digest, k.scopes,
              k.expires_at, k.revoked_at
       FROM api_keys k
       JOIN users u ON u.account_id = k.account_id AND u.id = k.user_id
       JOIN accounts a ON a.id = k.account_id
       WHERE k.public_id = shown $$
    """,
    """
    CREATE FUNCTION find_account(wanted text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
    $$ SELECT id FROM accounts WHERE name = wanted $$
    """,
    # The two that criteria need; frozen here, equal to app/criteria/sql_functions.py (a test).
    r"""
CREATE OR REPLACE FUNCTION penstock_number(value text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(value) <= 100 AND value ~ '^-?[0-9]+([.][0-9]+)?$'
    THEN value::numeric END
    """,
    r"""
CREATE OR REPLACE FUNCTION penstock_timestamp(value text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '^([1-9][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)-02-29)[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?([Zz]|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'
    THEN regexp_replace(value, '(?<=[.][0-9]{6})[0-9]+', '')::timestamptz END
    """,
]


def upgrade() -> None:
    op.execute(ROLES)
    for function in FUNCTIONS:
        op.execute(function)
    op.execute("INSERT INTO business_clock (id, \"offset\") VALUES (1, interval '0')")
    op.execute(
        "INSERT INTO accounts (id, name, timezone, version) "
        "VALUES ('00000000-0000-0000-0000-000000000000', '(installation)', 'UTC', 1)"
    )
    op.execute("GRANT USAGE ON SCHEMA public TO penstock_app, penstock_sweep")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO penstock_app"
    )
    op.execute("REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM penstock_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO penstock_app")
    op.execute(
        f"GRANT SELECT ON {', '.join(SWEPT_TABLES)}, business_clock, heartbeats, alembic_version "
        "TO penstock_sweep"
    )
    op.execute("GRANT SELECT (id) ON accounts TO penstock_sweep")
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO penstock_app USING (account_id = {MINE})")
    op.execute("ALTER TABLE accounts ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON accounts TO penstock_app USING (id = {MINE})")
    op.execute("CREATE POLICY sweep ON accounts FOR SELECT TO penstock_sweep USING (true)")
    for table in SWEPT_TABLES:
        op.execute(f"CREATE POLICY sweep ON {table} FOR SELECT TO penstock_sweep USING (true)")


def downgrade() -> None:
    for table in SWEPT_TABLES:
        op.execute(f"DROP POLICY sweep ON {table}")
    op.execute("DROP POLICY sweep ON accounts")
    for table in [*TENANT_TABLES, "accounts"]:
        op.execute(f"DROP POLICY tenant ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM penstock_app, penstock_sweep")
    op.execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM penstock_app")
    op.execute("REVOKE ALL ON SCHEMA public FROM penstock_app, penstock_sweep")
    # The roles stay: they belong to the server, and another database on it may use them.
    for signature in (
        "business_now()",
        "find_api_key(text)",
        "find_account(text)",
        "penstock_number(text)",
        "penstock_timestamp(text)",
    ):
        op.execute(f"DROP FUNCTION {signature}")
    op.execute("DELETE FROM accounts WHERE id = '00000000-0000-0000-0000-000000000000'")
    op.execute("DELETE FROM business_clock")
