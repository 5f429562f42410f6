"""The synchronous mode: all three stages in the request's own transaction.

No reader ever sees a pending status; the people are locked by intake already. Sets larger than
a chunk (prompts in large batches) go in portions of `scoring_batch_size`; owners take their turns
after the last one, so that a large batch does not keep everybody else from theirs.
"""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

from app.core.driver import Transaction
from app.notifications.outbox import emit
from app.responses.intake.fold import AccountFacts, Context
from app.responses.intake.records import RecordState
from app.responses.resolution.news import happenings
from app.responses.resolution.sql import Decided, decide, hand_over
from app.scoring.points import points_of
from app.scoring.sql import score


async def score_and_resolve(
    session: Transaction, records: Sequence[RecordState], context: Context
) -> None:
    """Score and resolve these records at once; their states get the final status."""
    by_account: dict[UUID, list[RecordState]] = {}
    for record in records:
        by_account.setdefault(record.account_id, []).append(record)
    decided: dict[UUID, list[Decided]] = {}
    for account_id in sorted(by_account):
        facts = context.accounts[account_id]
        waiting = iter(sorted(by_account[account_id], key=lambda r: (r.responded_at, r.id)))
        decided[account_id] = []
        while portion := list(islice(waiting, facts.settings.scoring_batch_size)):
            decided[account_id].append(await _portion(session, account_id, portion, facts, context))
    for account_id, portions in decided.items():
        shared = context.accounts[account_id].settings.owners
        for outcome in await hand_over(session, account_id, portions, shared, now=context.now):
            await emit(session, happenings(account_id, outcome, run_id=None), at=context.now)


async def _portion(
    session: Transaction,
    account_id: UUID,
    portion: list[RecordState],
    facts: AccountFacts,
    context: Context,
) -> Decided:
    ids = [record.id for record in portion]
    points = await points_of(session, account_id, facts.ruleset_version)
    await score(session, account_id, ids, points, now=context.now)
    decided = await decide(session, account_id, ids, facts.settings, now=context.now)
    statuses = {verdict.candidate.response_id: verdict.status for verdict in decided.resolved}
    for record in portion:
        record.status = statuses[record.id]
    return decided
