"""Rows that are responses: the same fold and the same rules as over HTTP."""

from uuid import UUID

from app.core.driver import Transaction
from app.core.statements import Parts
from app.imports.columns.parsed import Parsed
from app.imports.packing import RowOutcome, RowResult
from app.imports.rows.faults import failed
from app.imports.terms import Terms
from app.models.states import IntakeResult
from app.responses.intake.answers import SENTENCES
from app.responses.intake.files import take_chunk
from app.responses.intake.fold import Outcome
from app.responses.intake.items import Item, Submission
from app.responses.intake.records import UPLOADED

_OUTCOMES = {
    result: RowOutcome(result.value)
    for result in IntakeResult
    if result is not IntakeResult.REJECTED
}


async def take_responses(
    session: Transaction,
    account_id: UUID,
    run_id: UUID,
    terms: Terms,
    parsed: Parsed[Item],
    *,
    last: Parts,
) -> list[RowResult]:
    """Take these rows of one campaign in; one result each, in their order.

    Args:
        last: gets what is to be written last, for the caller to send.

    Raises:
        Redo: another transaction was first; roll back and call again.
    """
    submission = Submission(
        account_id=account_id,
        user_id=terms.user_id,
        user=terms.user,
        key_id=None,
        items=tuple(parsed.items),
        size=terms.size,
        priority=UPLOADED,
        operation=terms.operation,
        said=parsed.said,
    )
    outcomes = await take_chunk(
        session, submission, run_id=run_id, last=last, acquaintance=terms.acquaintance
    )
    return [_result(terms, outcome) for outcome in outcomes]


def _result(terms: Terms, outcome: Outcome) -> RowResult:
    if outcome.result is IntakeResult.REJECTED:
        assert outcome.reason is not None  # noqa: S101  (a rejected item always has one)
        pointer, detail = SENTENCES[outcome.reason]
        return failed(outcome.reason.value, terms.plan.column_of(pointer), detail)
    subject = None
    if outcome.record is not None:
        subject = outcome.record.id
    elif outcome.seen is not None:
        subject = outcome.seen.response_id
    if outcome.reason is None and not outcome.warnings:
        return RowResult(_OUTCOMES[outcome.result], subject)
    notes = [outcome.reason.value] if outcome.reason is not None else []
    notes += (warning.value for warning in outcome.warnings)
    return RowResult(_OUTCOMES[outcome.result], subject, " ".join(notes))
