"""A0 for files: COPY of the very same file into the final table with the same indexes.

Twice, as ours: into the empty table, and into the table that has as many rows already. What the
file lacks comes from defaults. Ids of people and campaigns are as many as in the file and come in
no order, so that the indexes meet what they meet in an import; a row's number makes both, so that
no person meets a campaign twice.
"""

import time
from pathlib import Path

import asyncpg

from tests.bench import penstock
from tests.bench.errors import Wrong
from tests.bench.files.sheet import CAMPAIGNS, COLUMNS, people_in
from tests.bench.stand import TEMPLATE, Stand

_OPTIONS = (
    "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = 'responses'::regclass"
)
# LIKE leaves out the room that is kept on a page.
_TABLE = "CREATE TABLE copied (LIKE responses INCLUDING ALL) WITH ({options})"
_ROW_NUMBER = "CREATE SEQUENCE row_number MINVALUE 0 CACHE 1000"
_ID = "('01a1fe1e-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"
# Defaults are taken in the order of the columns: campaign before person. The step has no factor in
# common with the people, so that each lap meets all of them; each lap shifts the campaigns by one.
_STEP = 382_973
_NEXT, _THIS = "nextval('row_number')", "currval('row_number')"
_DEFAULTS = {
    "account_id": "'01a1fe1e-da13-7425-9fce-18c76c78659e'",
    "id": "uuidv7()",
    "campaign_id": _ID.format(number=f"({_NEXT} + {_THIS} / {{people}}) % {{campaigns}}"),
    "person_id": _ID.format(number=f"{_THIS} * {_STEP} % {{people}}"),
    "repeat_number": "1",
    "is_responded": "true",
    "status": "'Resolved - No Action Required'",
    "mode": "'asynchronous'",
    "is_prompt": "false",
    "user_id": "'01a1fe1e-da13-7425-9fce-18c76c786590'",
    "user_name": "'loader'",
    "received_at": "now()",
    "score": "0",
}
_COUNT = """
SELECT ARRAY[count(DISTINCT campaign_id), count(DISTINCT person_id)] FROM copied
"""


async def copied(stand: Stand, path: Path, rows: int) -> tuple[float, float]:
    """Seconds to copy the file into an empty table of a new database, and again into the same."""
    await penstock.prepare(stand)
    async with stand.database(template=TEMPLATE) as url, stand.owner(url) as owner:
        options = await owner.fetchval(_OPTIONS)
        await owner.execute(_TABLE.format(options=options))
        await owner.execute(_ROW_NUMBER)
        for column, default in _DEFAULTS.items():
            made = default.format(people=people_in(rows), campaigns=len(CAMPAIGNS))
            await owner.execute(f"ALTER TABLE copied ALTER {column} SET DEFAULT {made}")
        for column in COLUMNS:
            await owner.execute(f'ALTER TABLE copied ADD COLUMN IF NOT EXISTS "{column}" text')
        new = await _copy(stand, owner, path, rows)
        found = await owner.fetchval(_COUNT)
        if found != [len(CAMPAIGNS), people_in(rows)]:
            raise Wrong(f"COPY met {found} campaigns and people")
        await owner.execute("VACUUM ANALYZE copied")
        return new, await _copy(stand, owner, path, rows)


async def _copy(stand: Stand, owner: asyncpg.Connection, path: Path, rows: int) -> float:
    await stand.quiet()
    began = time.perf_counter()
    done = await owner.copy_to_table(
        "copied", source=path, columns=COLUMNS, format="csv", header=True
    )
    seconds = time.perf_counter() - began
    if done != f"COPY {rows}":
        raise Wrong(f"{done} instead of {rows}")
    return seconds
