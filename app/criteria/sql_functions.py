"""What a text must look like to count as a number or a moment, for SQL and Python alike.

The patterns accept nothing that the casts behind them could refuse, so no value in anybody's
attributes can make a query fail, and no exception handler is needed. (A handler would open a
subtransaction, which PostgreSQL 15 refuses inside a parallel worker.) They are written
in the common ground of both regular expression dialects, and without `(?:` and backslashes, so
that they pass through SQLAlchemy's `text()` unharmed.
"""

# The length is a condition of its own because `{1,100}` makes the match ten times slower.
NUMBER = "-?[0-9]+([.][0-9]+)?"
MAX_NUMBER_LENGTH = 100

_DATE = (
    "([1-9][0-9]{3}-("
    "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    "|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))"
    # The 29th of February: years divisible by 4 but not by 100, and years divisible by 400.
    "|([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)-02-29)"
)
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?"
_ZONE = "([Zz]|[+-](0[0-9]|1[0-4]):[0-5][0-9])"

LOCAL_TIMESTAMP = f"{_DATE}[Tt]{_TIME}"
TIMESTAMP = f"{LOCAL_TIMESTAMP}{_ZONE}"

# Neither is STRICT and the second is only STABLE (the cast is): otherwise PostgreSQL would not
# inline them. A missing text gives NULL all the same, and an offset leaves no room for the
# session's time zone.
PENSTOCK_NUMBER = f"""
CREATE OR REPLACE FUNCTION penstock_number(value text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(value) <= {MAX_NUMBER_LENGTH} AND value ~ '^{NUMBER}$'
    THEN value::numeric END
"""

PENSTOCK_TIMESTAMP = f"""
CREATE OR REPLACE FUNCTION penstock_timestamp(value text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '^{TIMESTAMP}$'
    THEN regexp_replace(value, '(?<=[.][0-9]{{6}})[0-9]+', '')::timestamptz END
"""

SQL_FUNCTIONS = (PENSTOCK_NUMBER, PENSTOCK_TIMESTAMP)
