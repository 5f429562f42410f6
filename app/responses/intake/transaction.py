"""One intake transaction: read, lock people, fold in arrival order, write all at once.

    read what the items meet ──▶ fold ──▶ nobody was there before ──▶ write
                                   └─▶ lock those who were, by id ─▶ their records ─▶ fold ─▶ write

    write: people · records · keys · pending · counters, in one statement
             └ what is scored at once: people ─▶ score and decide ─▶ records as they end ─▶ owners
               (of a few new people both at once)

The first fold takes no lock and knows no records; it says whom to lock and what to read. Where
another transaction was first (a new person, an external id), the write comes up short and the
items are taken again.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.accounts.errors import KeyInvalid
from app.core.driver import Driver, Row, Transaction, driver_of
from app.core.queue import Ring, Task, ring_after
from app.core.statements import Parts
from app.models.states import Mode, ResponseStatus
from app.people import waking
from app.responses.intake import reading
from app.responses.intake.fold import Context, Fold, Outcome
from app.responses.intake.items import Submission
from app.responses.intake.people import People, PersonState
from app.responses.intake.records import Records, RecordState
from app.responses.intake.settling import Settled, announce, make_and_score, settle
from app.responses.intake.world import read_world
from app.responses.intake.writing import Draft, Queued, deltas_of
from app.responses.windows.opening import Terms, WindowKey, open_windows

# Asked of every row of a file, and finding a member of an enumeration is a call.
_PENDING, _AT_ONCE = ResponseStatus.PENDING_SCORING, Mode.SYNCHRONOUS
_DUE_AT_ONCE = Mode.ASYNCHRONOUS
_FEW = 20


class Redo(Exception):
    """Another transaction was first; the same items, taken again, will see what it did."""


async def take_in(session: Transaction, submissions: Sequence[Submission]) -> list[list[Outcome]]:
    """Take these submissions in, in order; one list of outcomes for each.

    Raises:
        KeyInvalid: a key was revoked since it was last looked at.
        Redo: roll back and call again.
    """
    driver = await driver_of(session)
    world = await read_world(driver, submissions)
    if {s.key_id for s in submissions if s.key_id is not None} - world.live_keys:
        raise KeyInvalid
    fold = Fold(world.context, People(world.people))
    outcomes = fold.take_all(submissions)
    known = [key for key, person in fold.people.by_id.items() if person.stored is not None]
    if known:
        people = await reading.lock_people(driver, known)
        fold, outcomes = await _fold_with_records(driver, world.context, people, fold, submissions)
    last = Parts()
    at_once = settled_now(fold)
    facts: Mapping[UUID, Row] | None = {}
    # Rules ask for what people are from now on.
    if at_once and _are_few_and_new(fold, at_once):
        draft = Draft(world.context.now)
        draft.people_to_read(fold.people.created())
        facts = await make_and_score(session, at_once, world.context, draft.parts)
    elif at_once and not await write_people(driver, fold):
        facts = None
    if facts is None:
        raise Redo
    settled = await settle(session, at_once, world.context, known=facts)
    await write_records(session, fold, settled, has_people=bool(at_once), last=last)
    if not await last.write(driver):
        raise Redo
    return outcomes


def _are_few_and_new(fold: Fold, records: Sequence[RecordState]) -> bool:
    """Whether all people are new, of one account, and few enough to be looked through."""
    people, account_id = fold.people.by_id, records[0].account_id
    most = fold.context.accounts[account_id].settings.scoring_batch_size
    return (
        len(people) <= _FEW
        and len(records) <= most
        and all(record.account_id == account_id for record in records)
        and all(person.stored is None for person in people.values())
    )


async def _fold_with_records(
    driver: Driver,
    context: Context,
    people: Sequence[PersonState],
    fold: Fold,
    submissions: Sequence[Submission],
) -> tuple[Fold, list[list[Outcome]]]:
    """Fold over locked people and the records that the fold before asked for, until it has all."""
    by_id = {campaign.id: campaign for campaign in context.campaigns.values()}
    wanted = fold.to_read()
    while True:
        records = await reading.read_records(driver, wanted, by_id)
        fold = Fold(context, People(people), Records(records))
        outcomes = fold.take_all(submissions)
        if fold.to_read() <= wanted:
            return fold, outcomes
        wanted |= fold.to_read()


async def write_people(driver: Driver, fold: Fold, *, is_uniform: bool = False) -> bool:
    """Write the fold's people; False if somebody else has made one of them meanwhile."""
    draft = Draft(fold.context.now, is_uniform=is_uniform)
    draft.people(fold.people.created(), fold.people.changed())
    return await draft.write(driver)


def settled_now(fold: Fold) -> list[RecordState]:
    """The records that this transaction takes to their end."""
    return [record for record in _responded(fold.records.touched()) if is_settled_now(record)]


async def write_records(
    session: Transaction,
    fold: Fold,
    settled: Sequence[Settled],
    *,
    has_people: bool,
    last: Parts,
    run_id: UUID | None = None,
) -> None:
    """Write everything else, and what was decided at once as it ends.

    Args:
        settled: what was decided of `settled_now`.
        has_people: whether the people are written; else they are, with the first statement.
        last: gets what is to be written last, for the caller to send; all of it, if nothing has to
            be done in between.
        run_id: the run that is told of with the news.

    Raises:
        Redo: another transaction was first; roll back and call again.
    """
    context, driver = fold.context, await driver_of(session)
    touched = fold.records.touched()
    at_once = [record for record in touched if record.scored is not None]
    is_uniform = all(record.is_of_a_file for record in touched)
    is_all = not (any(each.handed for each in settled) or fold.risen() or fold.asked_for_scoring)
    draft = Draft(context.now, is_uniform=is_uniform, parts=last if is_all else None)
    if not has_people:
        draft.people(fold.people.created(), fold.people.changed())
    draft.records(touched)
    draft.engage([r for r in at_once if r.status is ResponseStatus.OPEN])
    draft.keys(fold.new_keys)
    draft.waiting(at_once)
    draft.queue(await _queue(session, driver, _responded(touched), context))
    draft.counts(deltas_of(touched))
    # What qualified waits for its owner's turn; the other news need not be a statement of its own.
    for each in settled:
        if not each.handed:
            await announce(session, each, context, writes=draft.parts, run_id=run_id)
    if is_all:
        return
    if not await draft.write(driver):
        raise Redo
    await _wake(session, fold)
    for each in settled:
        if each.handed:
            await announce(session, each, context, writes=last, run_id=run_id)


def _responded(touched: Sequence[RecordState]) -> list[RecordState]:
    """What is to be scored, by this transaction or later."""
    return [record for record in touched if record.status is _PENDING]


async def _queue(
    session: Transaction, driver: Driver, responded: Sequence[RecordState], context: Context
) -> list[Queued]:
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
    waiting: list[Queued] = []
    for record in responded:
        mode = _mode_of(record)
        if mode is Mode.WINDOW:
            waiting.append(Queued(record, windows[_window_key(record)], None))
        elif mode is Mode.ASYNCHRONOUS:
            waiting.append(Queued(record, None, now))
            ring_after(session, Ring(Task.DRAIN_LANE, record.account_id, record.campaign_id))
        elif mode is Mode.MANUAL:
            waiting.append(Queued(record, None, None))
    return waiting


def is_settled_now(record: RecordState) -> bool:
    """Whether this transaction takes the record to its end; rows of files do not wait for a lane:
    they are in one.
    """
    mode = _mode_of(record)
    return mode is _AT_ONCE or (mode is _DUE_AT_ONCE and record.is_of_a_file)


def _mode_of(record: RecordState) -> Mode:
    return record.scheduling.mode if record.scheduling else _AT_ONCE


async def _wake(session: Transaction, fold: Fold) -> None:
    """What a changed score or a request to score sets off in rows that wait."""
    now, risen = fold.context.now, fold.risen()
    for account in {account for account, _ in risen}:
        better = [person for owner, person in risen if owner == account]
        await waking.score_changed(session, account, better, now)
    for account in {account for account, _ in fold.asked_for_scoring}:
        asked = [person for owner, person in fold.asked_for_scoring if owner == account]
        await waking.ask_for_scoring(session, account, asked, now)


def _window_key(record: RecordState) -> WindowKey:
    assert record.user_id is not None  # noqa: S101  (set when the record was written)
    return WindowKey(record.account_id, record.user_id, record.campaign_id, record.user)
