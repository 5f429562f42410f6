"""Rows that are people: found and merged by the same rules as over HTTP."""

from collections.abc import Sequence
from uuid import UUID

from app.core import clock
from app.core.driver import Transaction, driver_of
from app.imports.columns.people import PersonItem
from app.imports.packing import RowOutcome, RowResult
from app.imports.rows.faults import failed
from app.imports.terms import Terms
from app.models.states import UploadOperation
from app.people import waking
from app.responses.intake.answers import SENTENCES
from app.responses.intake.chunk_reading import lock_people_of
from app.responses.intake.naming import find_people
from app.responses.intake.people import People, PersonState
from app.responses.intake.rules import Reason
from app.responses.intake.transaction import Redo
from app.responses.intake.writing import Draft

_EXISTS = "This person is there already."
_MISSING = "There is no such person in this account."


async def take_people(
    session: Transaction, account_id: UUID, terms: Terms, items: Sequence[PersonItem]
) -> list[RowResult]:
    """Make or merge these people; one result each, in their order.

    Raises:
        Redo: another transaction was first; roll back and call again.
    """
    driver = await driver_of(session)
    now = await clock.read_business_now(session)
    found = await find_people(driver, account_id, [item.given for item in items])
    people = People(await lock_people_of(driver, account_id, list(found.people)))
    asked: set[UUID] = set()
    results = [_take(people, account_id, terms, item, asked) for item in items]
    changed = people.changed()
    risen = [person.id for person in changed if "score" in person.changed]
    draft = Draft(now, is_uniform=True)
    draft.people(people.created(), changed)
    if not await draft.write(driver):
        raise Redo
    await waking.score_changed(session, account_id, risen, now)
    await waking.ask_for_scoring(session, account_id, sorted(asked), now)
    return results


def _take(
    people: People, account_id: UUID, terms: Terms, item: PersonItem, asked: set[UUID]
) -> RowResult:
    person = people.find(account_id, item.given)
    if isinstance(person, Reason):
        pointer, detail = SENTENCES[person]
        pointer = pointer.removeprefix("/person")
        return failed(person.value, terms.plan.column_of(pointer), detail)
    if person is not None and terms.operation is UploadOperation.INSERT:
        return failed(Reason.ALREADY_EXISTS.value, None, _EXISTS)
    if person is None and terms.operation is UploadOperation.UPDATE:
        return failed(Reason.PERSON_NOT_FOUND.value, None, _MISSING)
    if item.given.do_pending_scoring and person is not None:
        asked.add(person.id)
    if person is None:
        person = people.create(account_id)
        outcome = RowOutcome.CREATED
    else:
        outcome = RowOutcome.UPDATED
    before = dict(person.values)
    notes = [warning.value for warning in people.merge(person, item.given)]
    if outcome is RowOutcome.UPDATED and _is_same(person, before):
        return RowResult(RowOutcome.SKIPPED, person.id, " ".join(["unchanged", *notes]))
    return RowResult(outcome, person.id, " ".join(notes) or None)


def _is_same(person: PersonState, before: dict[str, object]) -> bool:
    return person.values == before
