"""A sign of life for a watcher outside: schedules are looked after, by somebody.

this process has planned ──▶ the pulse is claimed, if its interval is over ──▶ commit ──▶ GET

One call of all workers in an interval. A worker whose planner stands still, or fails, claims
nothing, be the rest of it as lively as it may; when none plans, the watcher hears nothing, and says
so to whoever set it up.
"""

import contextlib
from datetime import timedelta

from app.core import log
from app.core.driver import driver_of
from app.core.errors import AppError
from app.core.failpoints import Purpose
from app.core.outbound.errors import FetchFailed
from app.core.outbound.fetching import fetch
from app.core.outbound.requests import Patience
from workers.work import Work

_log = log.get(__name__)

LOOK_EVERY_SECONDS = 1.0
_PATIENCE = Patience(
    connect=timedelta(seconds=5),
    read=timedelta(seconds=10),
    total=timedelta(seconds=15),
    most_bytes=2**20,
)
_CLAIM = """
UPDATE pulse SET sent_at = clock_timestamp() WHERE sent_at < clock_timestamp() - $1::interval
RETURNING 1
"""


async def beat(work: Work) -> None:
    """Call the watcher, if it is time, once this process has planned."""
    settings = work.settings.heartbeat
    await work.has_planned.wait()
    work.has_planned.clear()
    async with work.unit_of_work(purpose=Purpose.PULSE) as session:
        driver = await driver_of(session)
        if await driver.fetchval(_CLAIM, settings.interval) is None:
            return
    # The operator's own address: it may be in a private network.
    answer = fetch(settings.url.get_secret_value(), allow_private=True, patience=_PATIENCE)
    try:
        async with contextlib.aclosing(answer):
            async for _ in answer:
                pass
    except FetchFailed as error:
        # Anything of 200 to 299 is well, though only 200 is a file.
        if error.facts["status"] // 100 != 2:
            _log.warning("pulse_not_taken", status=error.facts["status"])
    except AppError as error:
        _log.warning("pulse_not_taken", error=error.code)
