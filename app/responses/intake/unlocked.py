"""What a chunk that has locked nobody must look at before it writes; see `files`."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.core.driver import Row
from app.core.resources import Mark
from app.models.states import IntakeResult
from app.responses.intake.chunk_reading import hold_people
from app.responses.intake.fold import Fold, Outcome
from app.responses.intake.settling import Settled
from app.responses.intake.transaction import is_settled_now

_CHANGED_NOBODY = frozenset({IntakeResult.DUPLICATE, IntakeResult.REJECTED})


def is_there(fold: Fold, account_id: UUID, person_id: UUID) -> bool:
    """Whether the person was read as one that is stored."""
    found = fold.people.by_id.get((account_id, person_id))
    return found is not None and found.stored is not None


def lead_there_again(
    before: Sequence[Outcome], outcomes: Sequence[Outcome], kept: set[UUID]
) -> bool:
    """Whether all who are written already are so by the very rows that lead to them now."""
    pairs = zip(map(_changed_by, before), map(_changed_by, outcomes), strict=True)
    return all(one == other or kept.isdisjoint((one, other)) for one, other in pairs)


def _changed_by(outcome: Outcome) -> UUID | None:
    """Into whom an item was merged, if it was."""
    if outcome.record is None or outcome.result in _CHANGED_NOBODY:
        return None
    return outcome.record.person_id


async def hold_changed(fold: Fold, account_id: UUID, mark: Mark, *, may_wait: bool) -> bool:
    """Lock whoever is to be written; False if one was written since, or more has to be locked.

    Args:
        may_wait: wait for others; only before the transaction has locked anybody.
    """
    if _needs_locks(fold, account_id):
        return False
    changed = fold.people.changed()
    if changed or fold.people.created():
        await mark.set()
    return await hold_people(mark.driver, account_id, changed, may_wait=may_wait)


def _needs_locks(fold: Fold, account_id: UUID) -> bool:
    """Whether something is written that no unique key guards, and no version of a person.

    Records that change, and rows that will wait: for a better score, for a word about their
    person, for their window. Whoever wakes such rows has to see them or be seen.
    """
    if fold.asked_for_scoring or fold.context.accounts[account_id].settings.score_grace:
        return True
    return any(
        record.is_changed or (record.member_status.responded and not is_settled_now(record))
        for record in fold.records.touched()
    )


async def hold_qualified(
    fold: Fold,
    settled: Sequence[Settled],
    known: Mapping[UUID, Row],
    account_id: UUID,
    mark: Mark,
) -> bool:
    """Lock whoever is to be told, beside those who are written; without waiting: out of order.

    Of the others, nobody may have been written since they were read, or a row would have been
    folded over one state of its person and scored by another; unless one statement did both.

    Args:
        known: the facts of records that were scored before.
    """
    told = {candidate.person_id for each in settled for candidate in each.handed}
    scored_later = {
        verdict.candidate.person_id
        for each in settled
        for verdict in each.verdicts
        if verdict.candidate.response_id not in known
    }
    met = {person.id: person for person in fold.met.values()}
    others = fold.people.by_id.values()
    unheld = [person for person in others if person.stored is not None and not person.changed]
    unheld += [met[id_] for id_ in met.keys() & (scored_later | told)]
    if told:
        await mark.set()
    return await hold_people(
        mark.driver,
        account_id,
        [person for person in unheld if person.id in told],
        may_wait=False,
        beside=[person for person in unheld if person.id not in told],
    )
