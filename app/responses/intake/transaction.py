"""One intake transaction: read, lock people, fold in arrival order, write each table once.

accounts, keys, campaigns, seen ─▶ people (no lock) ─▶ rehearse the fold
    ─▶ insert missing people, find again ─▶ lock people by id ─▶ their records ─▶ fold
    ─▶ people · records · keys · windows · pending · synchronous stages · counters

The rehearsal knows no records, so it may merge what a duplicate brings. Where that changes who
is who, the fold decides: it is done again with the records it asked for, and people are inserted
or taken back after it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core import clock
from app.core.db import Session
from app.core.driver import Driver, driver_of
from app.core.queue import Ring, Task, ring_after
from app.models.states import Mode, ResponseStatus
from app.people import waking
from app.responses.counters import append_deltas
from app.responses.intake import reading, writing
from app.responses.intake.fold import Context, Fold, Outcome
from app.responses.intake.items import Item, Submission
from app.responses.intake.people import Birth, People, PersonState
from app.responses.intake.records import Records, RecordState
from app.responses.intake.synchronous import score_and_resolve
from app.responses.windows.opening import Terms, WindowKey, open_windows


class Redo(Exception):
    """Another transaction was first; the same items, taken again, will see what it did."""


async def take_in(session: Session, submissions: Sequence[Submission]) -> list[list[Outcome]]:
    """Take these submissions in, in order; one list of outcomes for each.

    Raises:
        Redo: roll back and call again.
    """
    driver = await driver_of(session)
    now = clock.business_now(session)
    items = [(s.account_id, i) for s in submissions for i in s.items if isinstance(i, Item)]
    context = await _read_context(driver, submissions, now)
    inserted: dict[Birth, PersonState] = {}
    rehearsed = await _rehearse(driver, context, submissions, items, inserted)
    known = [key for key, person in rehearsed.people.by_id.items() if person.birth is None]
    people = await reading.lock_people(driver, known)
    # Locked by now, so whoever was ahead of us with the same external id has committed.
    keys = [key for key in _keys(submissions) if key not in context.seen]
    if await reading.read_seen(driver, keys):
        raise Redo
    by_id = {campaign.id: campaign for campaign in context.campaigns.values()}
    wanted = rehearsed.to_read()
    while True:
        records = await reading.read_records(driver, wanted, by_id)
        fold = Fold(context, People(people, inserted), Records(records))
        outcomes = fold.take_all(submissions)
        if fold.to_read() <= wanted:
            break
        wanted |= fold.to_read()
    await _write(session, driver, fold, inserted)
    return outcomes


async def _read_context(
    driver: Driver, submissions: Sequence[Submission], now: datetime
) -> Context:
    accounts = sorted({submission.account_id for submission in submissions})
    campaigns = {
        (sent.account_id, item.given.campaign)
        for sent in submissions
        for item in sent.items
        if isinstance(item, Item)
    }
    return Context(
        now=now,
        accounts=await reading.read_accounts(driver, accounts),
        campaigns=await reading.read_campaigns(driver, campaigns),
        seen=await reading.read_seen(driver, _keys(submissions)),
    )


def _keys(submissions: Sequence[Submission]) -> list[tuple[UUID, UUID, str]]:
    return list(
        {
            (sent.account_id, sent.user_id, item.given.external_id): None
            for sent in submissions
            for item in sent.items
            if isinstance(item, Item) and item.given.external_id is not None
        }
    )


async def _rehearse(
    driver: Driver,
    context: Context,
    submissions: Sequence[Submission],
    items: Sequence[tuple[UUID, Item]],
    inserted: dict[Birth, PersonState],
) -> Fold:
    """Fold without locks, to learn whom to lock and which records to read; insert who is missing.

    What went in is put into `inserted`.
    """
    for _ in range(3):
        ours = {person.id for person in inserted.values()}
        found = await reading.find_people(driver, items)
        fold = Fold(context, People((p for p in found if p.id not in ours), inserted))
        fold.take_all(submissions)
        if await _insert_people(driver, fold, inserted):
            return fold
    raise Redo


async def _insert_people(driver: Driver, fold: Fold, inserted: dict[Birth, PersonState]) -> bool:
    """Insert those that the fold made and that have no row; False if not all of them went in."""
    missing = [person for person in fold.people.created() if person.stored is None]
    done = await writing.insert_people(driver, missing, fold.context.now)
    inserted |= {person.birth: person for person in done if person.birth is not None}
    return len(done) == len(missing)


async def _write(
    session: Session, driver: Driver, fold: Fold, inserted: dict[Birth, PersonState]
) -> None:
    now = fold.context.now
    made = {person.birth for person in fold.people.created()}
    await writing.delete_people(driver, [p for birth, p in inserted.items() if birth not in made])
    people = [person for person in fold.people.by_id.values() if person.changed]
    await writing.update_people(driver, people, now)
    if not await _insert_people(driver, fold, inserted):
        raise Redo
    records = fold.records.touched()
    await writing.write_records(driver, records, now)
    if not await writing.insert_keys(driver, fold.new_keys, now):
        raise Redo
    responded = [r for r in records if r.status is ResponseStatus.PENDING_SCORING]
    await _queue(session, driver, responded, fold.context)
    await _wake(session, fold, people, now)
    at_once = [r for r in responded if r.scheduling and r.scheduling.mode is Mode.SYNCHRONOUS]
    await score_and_resolve(session, at_once, fold.context)
    await append_deltas(session, writing.deltas_of(records))


async def _queue(
    session: Session, driver: Driver, responded: Sequence[RecordState], context: Context
) -> None:
    """Windows for what is held, due rows for what is asynchronous, waiting rows for manual."""
    accounts, now = context.accounts, context.now
    held = {
        _window_key(record): Terms(
            record.scheduling.hold, accounts[record.account_id].settings.scoring_batch_size
        )
        for record in responded
        if record.scheduling and record.scheduling.hold is not None
    }
    windows = await open_windows(driver, held, now) if held else {}
    if len(windows) < len(held):
        raise Redo
    rows: list[tuple[RecordState, UUID | None, datetime | None]] = []
    for record in responded:
        mode = record.scheduling.mode if record.scheduling else Mode.SYNCHRONOUS
        if mode is Mode.WINDOW:
            rows.append((record, windows[_window_key(record)], None))
        elif mode is Mode.ASYNCHRONOUS:
            rows.append((record, None, now))
            ring_after(session, Ring(Task.DRAIN_LANE, record.account_id, record.campaign_id))
        elif mode is Mode.MANUAL:
            rows.append((record, None, None))
    await writing.insert_pending(driver, rows)


async def _wake(session: Session, fold: Fold, people: Sequence[PersonState], now: datetime) -> None:
    """What a changed score or a request to score sets off in rows that wait."""
    for account in {person.account_id for person in people if "score" in person.changed}:
        risen = [p.id for p in people if p.account_id == account and "score" in p.changed]
        await waking.score_changed(session, account, risen, now)
    for account in {account for account, _ in fold.asked_for_scoring}:
        asked = [person for owner, person in fold.asked_for_scoring if owner == account]
        await waking.ask_for_scoring(session, account, asked, now)


def _window_key(record: RecordState) -> WindowKey:
    assert record.user_id is not None  # noqa: S101  (set when the record was written)
    return WindowKey(record.account_id, record.user_id, record.campaign_id, record.user)
