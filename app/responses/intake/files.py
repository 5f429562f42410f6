"""Rows of a file, taken in chunk by chunk: the fold, the rules and the writes of every intake.

    found ─▶ locked, by id ─▶ their records ─▶ fold ─▶ people written ─▶ scored, decided, written
      ▲                                                      │
      └──────────── somebody else has made one of them ──────┘

The rows of a chunk are of one campaign, so it is known whose records the fold will ask for, and it
folds once. Neighbouring chunks name the same new people; whoever comes second waits for the first,
finds them, and folds again within its transaction.
"""

from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.resources import back_to_mark, mark
from app.core.statements import Parts
from app.responses.intake.chunk_reading import (
    lock_people_of,
    read_chunk_world,
    read_records_of,
)
from app.responses.intake.fold import Fold, Outcome
from app.responses.intake.items import Submission
from app.responses.intake.people import People
from app.responses.intake.records import Records
from app.responses.intake.transaction import Redo, write_people, write_records

_LOOKS = 3


async def take_chunk(
    session: Transaction, submission: Submission, *, run_id: UUID, last: Parts
) -> list[Outcome]:
    """Take rows of one campaign in; what becomes of each, in their order.

    Args:
        last: gets what is to be written last, for the caller to send.

    Raises:
        Redo: roll back and call again.
    """
    driver = await driver_of(session)
    for _ in range(_LOOKS):
        fold, outcomes = await _folded(session, submission)
        await mark(driver)
        if await write_people(driver, fold, is_uniform=True):
            await write_records(session, fold, has_people=True, last=last, run_id=run_id)
            return outcomes
        # Half written, they would be taken for what was there before.
        await back_to_mark(driver)
    raise Redo


async def _folded(session: Transaction, submission: Submission) -> tuple[Fold, list[Outcome]]:
    driver = await driver_of(session)
    world = await read_chunk_world(driver, submission)
    session.info["now"] = world.context.now
    by_id = {campaign.id: campaign for campaign in world.context.campaigns.values()}
    people = await lock_people_of(driver, submission.account_id, world.people)
    records = await read_records_of(driver, submission.account_id, world.people, by_id)
    fold = Fold(world.context, People(people), Records(records))
    (outcomes,) = fold.take_all([submission])
    return fold, outcomes
