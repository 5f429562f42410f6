"""Rows that are participants: put in by the same rules as over HTTP, a sequence after the other."""

from collections.abc import Sequence
from uuid import UUID

from app.core import clock
from app.core.driver import Transaction
from app.imports.columns.participants import ParticipantItem
from app.imports.packing import RowOutcome, RowResult
from app.imports.rows.faults import failed
from app.imports.terms import Terms
from app.sequences import queries
from app.sequences.errors import SequenceNotFound
from app.sequences.participants import service
from app.sequences.participants.errors import SequenceNotOpen
from app.sequences.participants.rules import EnrolResult
from app.sequences.participants.schemas import Enrolled

_OUTCOMES = {
    EnrolResult.CREATED: RowOutcome.CREATED,
    EnrolResult.DUPLICATE: RowOutcome.DUPLICATE,
    EnrolResult.SKIPPED: RowOutcome.SKIPPED,
}
# Of what cannot take part, whichever way it was named: what the row says too little or wrong.
_SENTENCES = {
    "not_found": "There is no such object in this account.",
    "without_identity": "The row names nobody.",
}


async def take_participants(
    session: Transaction, account_id: UUID, terms: Terms, items: Sequence[ParticipantItem]
) -> list[RowResult]:
    """Put these in, as far as they may come in; one result each, in their order."""
    now = await clock.read_business_now(session)
    refs = {item.given.sequence for item in items if item.given.sequence is not None}
    ids = await queries.find_ids(session, account_id, sorted(refs))
    results: dict[int, RowResult] = {}
    rows: dict[UUID, list[ParticipantItem]] = {}
    for item in items:
        ref = item.given.sequence
        sequence_id = terms.sequence_id if ref is None else ids.get(ref)
        if sequence_id is None:
            results[item.index] = _no_sequence(terms)
        else:
            rows.setdefault(sequence_id, []).append(item)
    # In the order in which everybody locks them.
    for sequence_id in sorted(rows):
        own = rows[sequence_id]
        wishes = [item.given for item in own]
        place = (session, account_id, sequence_id)
        try:
            found = await service.put_in_from_file(*place, wishes, by=terms.user, now=now)
            ends = [_result(one) for one in found]
        except SequenceNotFound:
            ends = [_no_sequence(terms)] * len(own)
        except SequenceNotOpen as error:
            ends = [failed(error.code, terms.plan.column_of("/sequence"), str(error))] * len(own)
        results.update(zip((item.index for item in own), ends, strict=True))
    return [results[item.index] for item in items]


def _result(one: Enrolled) -> RowResult:
    if one.result is EnrolResult.REJECTED:
        reason = one.reason or ""
        return failed(reason, None, _SENTENCES[reason])
    return RowResult(_OUTCOMES[one.result], one.id, one.reason)


def _no_sequence(terms: Terms) -> RowResult:
    error = SequenceNotFound()
    return failed(error.code, terms.plan.column_of("/sequence"), str(error))
