"""A timetable as its turn comes, whoever's it is, and what is written of the turn."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self, TypeVar
from uuid import UUID

from app.core.driver import Row, Transaction
from app.fires import queries
from app.fires.queries import Move, Owner, Record
from app.fires.rules import Situation, Turn, Verdict
from app.models.states import FireReason, OwnerKind
from app.schedules.schemas import Schedule, stored_as

S = TypeVar("S", bound="Standing")

# Of `timetables t`: what a turn needs to know; beside it stand `schedule` and `expires_at`.
COLUMNS = """t.account_id, t.owner_id, t.planned_until, t.is_paused, t.skips_left,
       t.is_maintenance, t.since, t.paused_by, t.pause_reason, t.skip_by, t.skip_reason"""

_PAUSED, _SKIPPED = FireReason.PAUSED, (FireReason.SKIP_REQUESTED, FireReason.MAINTENANCE)


@dataclass(slots=True, kw_only=True)
class Standing:
    """A timetable, locked: how it stands, and what of its owner is at work."""

    account_id: UUID
    owner_id: UUID
    situation: Situation
    since: datetime
    pause: tuple[str | None, str | None]
    skip: tuple[str | None, str | None]
    unfinished: list[UUID] = field(default_factory=list)
    buffered: int = 0
    last_ran_at: datetime | None = None
    failures: int = 0

    @property
    def schedule(self) -> Schedule:
        return self.situation.schedule

    @classmethod
    def of(cls, row: Row, **more: Any) -> Self:
        """From a row of `COLUMNS`, the `schedule` as text, and the `expires_at` of its owner."""
        return cls(
            account_id=row["account_id"],
            owner_id=row["owner_id"],
            situation=Situation(
                schedule=stored_as(row["schedule"]),
                planned_until=row["planned_until"],
                expires_at=row["expires_at"],
                is_paused=row["is_paused"],
                skips_left=row["skips_left"],
                is_maintenance=row["is_maintenance"],
            ),
            since=row["since"],
            pause=(row["paused_by"], row["pause_reason"]),
            skip=(row["skip_by"], row["skip_reason"]),
            **more,
        )


def ran(one: Standing, said: Verdict, run_id: UUID) -> Record:
    """The line of a moment that has its run."""
    return Record(
        *(one.account_id, one.owner_id, said.fire.at), run_id=run_id, details=_details(one, said)
    )


def not_run(one: Standing, said: Verdict) -> Record:
    """The line of a moment that has none: why, and who wanted it so."""
    by, why = None, None
    if said.reason is _PAUSED:
        by, why = one.pause
    elif said.reason in _SKIPPED:
        by, why = one.skip
    details = _details(one, said) | ({"reason": why} if why else {})
    return Record(one.account_id, one.owner_id, said.fire.at, said.reason, None, by, details)


def move(one: Standing, turn: Turn) -> Move:
    """Where it stands after its turn."""
    return Move(
        one.account_id,
        one.owner_id,
        turn.planned_until or one.situation.planned_until,
        turn.next_at,
        one.situation.skips_left - turn.skips_used,
    )


async def paused_by_failures(session: Transaction, kind: OwnerKind, one: S, now: datetime) -> S:
    """The same, paused now if so many of its runs failed in a row."""
    most = one.schedule.pause_after_failures
    if most is None or one.failures < most or one.situation.is_paused:
        return one
    why = f"{one.failures} runs failed in a row"
    owner = Owner(one.account_id, kind, one.owner_id)
    await queries.pause(session, owner, reason=why, now=now)
    return replace(one, situation=replace(one.situation, is_paused=True), pause=(None, why))


def _details(one: Standing, said: Verdict) -> dict[str, Any]:
    """What a reader of the ledger would ask next."""
    details: dict[str, Any] = {}
    if said.fire.instead_of is not None:
        details["instead_of"] = said.fire.instead_of.isoformat()
    if (said.reason is FireReason.OVERLAP or said.replaces) and one.unfinished:
        details["other_run_id"] = str(one.unfinished[0])
    if said.is_buffered:
        details["is_buffered"] = True
    if said.reason is FireReason.GAP and one.last_ran_at is not None:
        details["ran_at"] = one.last_ran_at.isoformat()
    return details
