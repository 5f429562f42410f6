"""What `/readyz` and `/metrics` look at: each neighbour and each kind of work, with its state."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core import migrations
from app.core.files.opening import is_readable
from app.core.metrics import Count, Standing
from app.core.resources import Resources
from app.notifications.backlog import Backlog, backlogs
from app.responses.lanes.ages import oldest_due

HEARTBEAT_FRESH = timedelta(seconds=30)
DUE_LATE = timedelta(minutes=2)

_HEARTBEATS = text(
    "SELECT count(*) FROM heartbeats WHERE seen_at > clock_timestamp() - make_interval(secs => :s)"
)

_SANDBOXES = text(
    "SELECT sandbox FROM heartbeats"
    " WHERE seen_at > clock_timestamp() - make_interval(secs => :s) ORDER BY started_at"
)
_HELD_UP = text(
    """
    SELECT 'timetable' AS kind, count(*) AS held_up
      FROM timetables WHERE held_up_since IS NOT NULL
    UNION ALL
    SELECT 'group_run', count(DISTINCT (account_id, group_run_id))
      FROM pending_groups WHERE held_up_since IS NOT NULL
    """
)
_COUNTS = text(
    "SELECT host, pid, counts FROM heartbeats"
    " WHERE seen_at > clock_timestamp() - make_interval(secs => :s) ORDER BY started_at"
)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `/readyz`."""

    is_ready: bool
    state: str
    facts: dict[str, Any]


async def checks(resources: Resources) -> dict[str, Check]:
    """Every neighbour's state. Redis or files down is shown, and is no reason to refuse work."""
    reachable = await resources.doorbell.is_reachable()
    redis = Check(True, "up" if reachable else "down: work waits for the sweep", {})
    has_files = await is_readable(resources.files)
    files = Check(True, "ok" if has_files else "unusable: uploads have to wait", {})
    try:
        async with resources.look_everywhere() as connection:
            found = await migrations.current(connection)
            alive = await connection.scalar(_HEARTBEATS, {"s": HEARTBEAT_FRESH.total_seconds()})
            ages = await oldest_due(connection)
            waiting = await backlogs(connection)
            sandboxes = await connection.scalars(_SANDBOXES, {"s": HEARTBEAT_FRESH.total_seconds()})
            code = _code_of(list(sandboxes))
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        down = Check(False, "down", {"error": type(error).__name__})
        return {"database": down, "redis": redis, "files": files}
    wanted = migrations.newest()
    return {
        "database": Check(True, "up", {}),
        "migrations": Check(
            found == wanted, "current" if found == wanted else "behind", {"revision": found}
        ),
        "redis": redis,
        "files": files,
        "workers": Check(bool(alive), "up" if alive else "none alive", {"alive": alive}),
        "code": code,
        "due_work": Check(
            True,
            "late" if max(ages.values()) > DUE_LATE.total_seconds() else "on time",
            {f"oldest_{kind}_seconds": round(age, 1) for kind, age in ages.items()},
        ),
        "deliveries": _waits(waiting["delivery"]),
        "mail": _waits(waiting["mail"]),
    }


def _waits(found: Backlog) -> Check:
    """Late is what strangers' servers do not take; everything else goes on."""
    is_late = found.age_seconds > DUE_LATE.total_seconds()
    facts = {"pending": found.pending, "oldest_due_seconds": round(found.age_seconds, 1)}
    return Check(True, "late" if is_late else "on time", facts)


def _code_of(sandboxes: list[str | None]) -> Check:
    """Whether code of jobs is run anywhere; where it is not, everything else goes on."""
    sound = sum(1 for said in sandboxes if said == "")
    refusals = list(dict.fromkeys(said for said in sandboxes if said))
    waiting = "finding out" if None in sandboxes else "refused: no worker has a sound sandbox"
    facts = {"sound_workers": sound, "refusals": refusals}
    return Check(True, "up" if sound else waiting, facts)


async def standing_of_work(resources: Resources) -> Standing:
    """Age in seconds of the oldest due work of each kind, 0 where nothing is due; what waits to be
    told; what is held up.
    """
    async with resources.look_everywhere() as connection:
        waiting = await backlogs(connection)
        ages = await oldest_due(connection)
        held_up = (await connection.execute(_HELD_UP)).all()
    return Standing(
        ages=ages | {kind: found.age_seconds for kind, found in waiting.items()},
        pending={kind: found.pending for kind, found in waiting.items()},
        held_up={row.kind: row.held_up for row in held_up},
    )


async def counts_of_workers(resources: Resources) -> list[tuple[str, list[Count]]]:
    """The counters of every worker that gave a sign of life lately."""
    async with resources.look_everywhere() as connection:
        rows = (await connection.execute(_COUNTS, {"s": HEARTBEAT_FRESH.total_seconds()})).all()
    return [(f"{row.host}:{row.pid}", row.counts) for row in rows]
