"""A campaign's own schedule: each of its planned moments that comes launches it.

    auto_launch saved ──▶ a timetable ──▶ due ──▶ a run that is over at once · its launch · ledger

It needs no worker but the planner's, and waits for nothing: it does not overlap, and is no job that
a plan would count. One that does not come is overdue, as any other's success.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.accounts.queries import get_account
from app.campaigns import queries
from app.campaigns.launching import Cause, launch
from app.core.db import Session
from app.core.driver import driver_of
from app.core.ids import uuid7
from app.fires import news, standing, watches
from app.fires import queries as timetables
from app.fires.queries import Owner, Record
from app.fires.rules import Track, Verdict, judge, next_moment, take_turn
from app.fires.standing import Standing
from app.models import Campaign, Run
from app.models.states import LaunchCause, OwnerKind, RunKind, RunState, RunTrigger
from app.notifications.alerts import service as alerting
from app.notifications.alerts.rules import News
from app.runs.watching import note_end
from app.schedules.rules import settled
from app.schedules.schemas import Daily, Monthly, Schedule, Weekly, stored

_PLACE = "/auto_launch"
_SLOTTED = (Daily, Weekly, Monthly)
# Minutes are drawn so that not everybody comes at the full hour; nobody should know them before.
_CHANCE = random.SystemRandom()

_CLAIM = f"""
SELECT {standing.COLUMNS}, t.schedule::text AS schedule, NULL::timestamptz AS expires_at
  FROM unnest($1::uuid[], $2::uuid[]) AS w(account_id, campaign_id)
  JOIN timetables t ON t.account_id = w.account_id AND t.owner_kind = 'campaign'
   AND t.owner_id = w.campaign_id
  JOIN campaigns c ON c.account_id = t.account_id AND c.id = t.owner_id
 WHERE t.next_at <= $3
 ORDER BY t.account_id, t.owner_id
   FOR NO KEY UPDATE OF t, c"""


async def set_schedule(
    session: Session, campaign: Campaign, wanted: Schedule | None, *, now: datetime
) -> None:
    """Put another schedule in place of the campaign's; a minute once drawn stays with its slot.

    Raises:
        InvalidSchedule, SlotOver: see `schedules.rules.settled`.
    """
    if wanted is None:
        campaign.auto_launch = None
        return
    account = await get_account(session, campaign.account_id)
    before = await timetables.find_timetable(session, *owner_of(campaign))
    kept = settled(
        wanted,
        now=now,
        timezone=account.timezone,
        chance=_CHANCE,
        before=None if before is None else stored(before.schedule),
        pointer=_PLACE,
    )
    campaign.auto_launch = kept.model_dump(mode="json")


async def follow(session: Session, campaign: Campaign, *, now: datetime) -> None:
    """Plan as the campaign says now; its row has been flushed."""
    owner, document = owner_of(campaign), campaign.auto_launch
    if document is None:
        await timetables.drop_timetable(session, owner)
        await watches.leave(session, owner)
        return
    next_at = next_moment(stored(document), after=now, expires_at=None)
    before = await timetables.find_timetable(session, *owner)
    await timetables.put_timetable(session, owner, document, next_at=next_at, now=now)
    is_other = before is not None and before.schedule != document
    await watches.follow(session, owner, afresh=is_other, now=now)


def owner_of(campaign: Campaign) -> Owner:
    """The campaign as the owner of a timetable."""
    return Owner(campaign.account_id, OwnerKind.CAMPAIGN, campaign.id)


async def catch_up(session: Session, campaign: Campaign, *, now: datetime) -> None:
    """Launch for every moment that is due by the schedule as it stands; the campaign is locked."""
    if campaign.auto_launch is not None:
        place = [(campaign.account_id, campaign.id)]
        # Of a long outage a portion at a time.
        while await fire_due(session, place, now=now, waits=True):
            pass


async def fire_due(
    session: Session,
    campaigns: Sequence[tuple[UUID, UUID]],
    *,
    now: datetime,
    waits: bool = False,
    secret_key: str = "",
) -> int:
    """Write what became of every due moment of these campaigns, as (account, campaign); how many
    were free.

    Args:
        waits: for campaigns that others have locked; else they are left to whoever comes next.
        secret_key: of no use here; planners give it for all kinds.
    """
    del secret_key
    sql = _CLAIM if waits else f"{_CLAIM} SKIP LOCKED"
    accounts = [account_id for account_id, _ in campaigns]
    ids = [campaign_id for _, campaign_id in campaigns]
    rows = await (await driver_of(session)).fetch(sql, accounts, ids, now)
    records: list[Record] = []
    moves = []
    for row in rows:
        one = Standing.of(row)
        turn, track = take_turn(one.situation, now=now), Track()
        moves.append(standing.move(one, turn))
        for said in turn.verdicts:
            verdict = said
            if said.reason is None:
                verdict = judge(said.fire, one.schedule.overlap, track, lambda: None)
                # It was over as soon as it was there.
                track.unfinished = 0
            records.append(await _record(session, one, verdict, now=now))
    await timetables.record(session, OwnerKind.CAMPAIGN, records, now=now)
    await timetables.move(session, OwnerKind.CAMPAIGN, moves)
    await news.tell_of_fires(session, OwnerKind.CAMPAIGN, records, at=now)
    return len(rows)


async def _record(session: Session, one: Standing, said: Verdict, *, now: datetime) -> Record:
    if said.reason is not None:
        return standing.not_run(one, said)
    campaign = await queries.get_campaign(session, one.account_id, one.owner_id)
    run = Run(
        account_id=one.account_id,
        id=uuid7(),
        kind=RunKind.LAUNCH,
        state=RunState.SUCCEEDED,
        trigger=RunTrigger.SCHEDULE,
        subject_id=campaign.id,
        planned_at=said.fire.at,
        schedule_minute=one.schedule.minute if isinstance(one.schedule, _SLOTTED) else None,
        queued_at=now,
        started_at=now,
        finished_at=now,
        details={"source": RunTrigger.SCHEDULE.value},
    )
    session.add(run)
    await session.flush()
    await launch(session, campaign, Cause(LaunchCause.SCHEDULE, run.id, run.id), now=now)
    await _noted(session, owner_of(campaign), run.id, now=now)
    return standing.ran(one, said, run.id)


async def _noted(session: Session, owner: Owner, run_id: UUID, *, now: datetime) -> None:
    """A launch that came is no silence, and the end of one; launches are told as events."""
    before = await note_end(session, *owner, RunState.SUCCEEDED, run_id=run_id, at=now)
    await watches.follow(session, owner, afresh=False, now=now)
    if before.down_since is None:
        return
    whom = await alerting.addressee(session, *owner)
    if whom is not None:
        facts = {"Run": run_id, "Launched": now, "Not well since": before.down_since}
        again = [News.RECOVERED]
        await alerting.tell(session, whom, again, facts, cause="run", cause_id=run_id, at=now)
