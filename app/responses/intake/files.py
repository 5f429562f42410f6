"""Rows of a file, taken in chunk by chunk: the fold, the rules and the writes of every intake.

    read ─▶ fold ─▶ who is changed: held ─▶ people written ─▶ scored, decided ─▶ who qualified: held
     ▲ ▲              │ not                    │ some were made by others  │ not, or        │
     │ └──────────────┼────────────────────────┘                           │ anybody written written
     └─ all locked ◀──┴────────────────────────────────────────────────────┘

Most people of a file are there already and told nothing new. Locking all of them had chunks wait
for each other's whole transactions, and wrote every one of their pages. So they are read without
locks, and who is written about is locked then, if nobody has written since; otherwise the chunk
begins again, with everybody locked first. Whom no row of the chunk tells anything new is not even
read in full; see `chunk_meeting`, and `acquaintance` for how they are found.

What is unlocked is guarded by unique keys, of records, of active responses, of external ids, and by
the versions of people: what a row says of its person is what it was scored by. Where one statement
did both, it is so without them: whoever is written about after that, and is not told of the
response, might as well have been written about after the row. Records are read no later than that,
so that one that is made in between meets its unique key.

The rows of a chunk are of one campaign, so it is known whose records the fold will ask for, and it
folds once. Neighbouring chunks name the same new people: whoever comes second waits for the first,
keeps those it has made itself, and finds all of them when it looks again. That holds where the same
rows lead to them again. They may not: a later row replaced the address that an earlier one names,
or what was new is a duplicate by now. Then nothing is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.driver import Driver, Row, Transaction, driver_of
from app.core.resources import Mark
from app.core.statements import Parts
from app.models.states import IntakeResult
from app.responses.intake.acquaintance import Acquaintance, Name, name_of
from app.responses.intake.chunk_meeting import Met, meet
from app.responses.intake.chunk_reading import (
    lock_people_of,
    read_chunk_world,
    read_people_of,
    read_records_of,
    read_seen,
)
from app.responses.intake.fold import Fold, Outcome
from app.responses.intake.items import Item, Submission
from app.responses.intake.naming import find_people
from app.responses.intake.people import People
from app.responses.intake.records import Records, RecordState
from app.responses.intake.rules import REFUSALS
from app.responses.intake.said import said_of
from app.responses.intake.settling import Settled, settle
from app.responses.intake.transaction import (
    Redo,
    settled_now,
    write_people,
    write_records,
)
from app.responses.intake.unlocked import hold_changed, hold_qualified, is_there, lead_there_again
from app.scoring.points import points_of

_LOOKS = 3
_MAKES = frozenset({IntakeResult.CREATED, IntakeResult.REPEAT})


@dataclass(frozen=True, slots=True)
class _Taken:
    """What the chunk's rows come to, its people written."""

    fold: Fold
    outcomes: list[Outcome]
    settled: list[Settled]


@dataclass(frozen=True, slots=True)
class _Folded:
    """A fold of the chunk's rows, and the facts of those records that were scored before it."""

    fold: Fold
    outcomes: list[Outcome]
    known: Mapping[UUID, Row]


async def take_chunk(
    session: Transaction,
    submission: Submission,
    *,
    run_id: UUID,
    last: Parts,
    acquaintance: Acquaintance,
) -> list[Outcome]:
    """Take rows of one campaign in; what becomes of each, in their order.

    Args:
        last: gets what is to be written last, for the caller to send.
        acquaintance: what the file's chunks were like before; this one is noted.

    Raises:
        Redo: roll back and call again.
    """
    driver = await driver_of(session)
    mark = Mark(driver)
    taken = await _take(session, submission, acquaintance, mark)
    if taken is None:
        await mark.back()
        taken = await _take(session, submission, None, mark)
    if taken is None:
        raise Redo
    fold, settled = taken.fold, taken.settled
    await write_records(session, fold, settled, has_people=True, last=last, run_id=run_id)
    return taken.outcomes


async def _take(
    session: Transaction, submission: Submission, acquaintance: Acquaintance | None, mark: Mark
) -> _Taken | None:
    """Write the people and decide the records; None if they have to be locked first for that.

    Args:
        acquaintance: without it everybody is locked, and nobody met.
        mark: is set before anything is done that has to be undone for that.
    """
    is_locked = acquaintance is None
    driver, account_id = await driver_of(session), submission.account_id
    before: list[Outcome] = []
    made: set[UUID] = set()
    merged: set[UUID] = set()
    risen: set[tuple[UUID, UUID]] = set()
    for number in range(_LOOKS):
        folded = await _folded(session, submission, acquaintance)
        fold, outcomes = folded.fold, folded.outcomes
        fold.risen_before = risen
        kept = merged | {id_ for id_ in made if is_there(fold, account_id, id_)}
        if number > 0 and not lead_there_again(before, outcomes, kept):
            return None
        changed = fold.people.changed()
        if not is_locked and not await hold_changed(fold, account_id, mark, may_wait=number == 0):
            return None
        if await write_people(driver, fold, is_uniform=True):
            break
        before, risen = outcomes, fold.risen()
        made |= {person.id for person in fold.people.created()}
        merged |= {person.id for person in changed}
    else:
        return None
    settled = await settle(session, settled_now(fold), fold.context, known=folded.known)
    if not is_locked and not await hold_qualified(fold, settled, folded.known, account_id, mark):
        return None
    return _Taken(fold, outcomes, settled)


async def _folded(
    session: Transaction, submission: Submission, acquaintance: Acquaintance | None
) -> _Folded:
    driver, account_id = await driver_of(session), submission.account_id
    is_locked = acquaintance is None
    items = [item for item in submission.items if isinstance(item, Item)]
    said = submission.said or said_of(item.given.person for item in items)
    # By their moments: then all of a person's records count, not only the latest.
    has_all = not is_locked and not _are_told_apart(items)
    name = Name.ID
    if acquaintance is not None and acquaintance.is_close and not has_all:
        name = name_of(said) or Name.ID
    world = await read_chunk_world(driver, submission, has_names=name is Name.ID)
    context, named = world.context, world.named
    session.info["now"] = context.now
    by_id = {campaign.id: campaign for campaign in context.campaigns.values()}
    records: list[RecordState] = []
    if has_all:
        everybody = list(named.touched_by(items))
        records = await read_records_of(driver, account_id, everybody, by_id, is_full=False)
    met = Met(context.now)
    if acquaintance is not None:
        version = context.accounts[account_id].ruleset_version
        points = await points_of(session, account_id, version)
        met = await meet(driver, submission, items, said, world, points, name)
        acquaintance.note(len(met.people), len(items))
    places = [at for at, item in enumerate(items) if item.index not in met.people]
    unmet = [items[at] for at in places]
    beside: set[UUID] = set()
    if unmet and name is not Name.ID:
        named = await find_people(driver, account_id, [item.given.person for item in unmet])
        beside = met.met_beside(items, said, places)
    ids = named.touched_by(unmet) | beside
    met.leave(ids)
    read = lock_people_of if is_locked else read_people_of
    people = People(await read(driver, account_id, list(ids)))
    if not has_all:
        records = [
            *met.records.values(),
            # Records that change are never written without locks.
            *await read_records_of(driver, account_id, list(ids), by_id, is_full=is_locked),
        ]
    fold = Fold(context, people, Records(records), met=met.people)
    (outcomes,) = fold.take_all([submission])
    await _look_again(driver, submission, outcomes)
    return _Folded(fold, outcomes, _scored_before(met, outcomes))


def _are_told_apart(items: Sequence[Item]) -> bool:
    """Whether no row is known again by its moment, for want of an external id."""
    return all(
        item.given.external_id is not None or item.given.responded_at is None for item in items
    )


def _scored_before(met: Met, outcomes: Sequence[Outcome]) -> dict[UUID, Row]:
    """The facts of records that are made by a row as it was met, and by no other."""
    known = {}
    for outcome in outcomes:
        record, found = outcome.record, met.known.get(outcome.index)
        if found is None or record is None or outcome.index not in met.people:
            continue
        if outcome.result in _MAKES and not record.is_changed:
            record.keep_attributes(found.attributes)
            known[record.id] = found.facts
    return known


async def _look_again(driver: Driver, submission: Submission, outcomes: Sequence[Outcome]) -> None:
    """Call rows duplicates that were refused for what they themselves have done meanwhile.

    External ids are read before records. A record that was made in between has its id by now, and
    as neither a refused row nor a duplicate changes anything, nothing else comes out differently.
    """
    refused = [one for one in outcomes if one.external_id and one.reason in REFUSALS]
    if not refused:
        return
    seen = await read_seen(driver, submission, list({str(one.external_id) for one in refused}))
    for outcome in refused:
        outcome.seen = seen.get(str(outcome.external_id))
        if outcome.seen is not None:
            outcome.result, outcome.reason = IntakeResult.DUPLICATE, None
