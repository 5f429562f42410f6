"""What every row of a file is of or goes into, found by the name that was given for it."""

from typing import NamedTuple
from uuid import UUID

from app.campaigns.queries import find_campaign
from app.core.db import Session
from app.core.errors import Fault
from app.models.states import UploadObject, UploadOperation
from app.sequences.queries import find_ids


class Places(NamedTuple):
    """A campaign of responses, a sequence of participants; None: the rows name their own."""

    campaign_id: UUID | None = None
    sequence_id: UUID | None = None


async def find_places(
    session: Session,
    account_id: UUID,
    kind: UploadObject,
    operation: UploadOperation,
    *,
    campaign: str | None,
    sequence: str | None,
) -> tuple[Places, list[Fault]]:
    """What these names stand for, and what is wrong with them for such rows."""
    faults: list[Fault] = []
    campaign_id = sequence_id = None
    if campaign is not None:
        found = await find_campaign(session, account_id, campaign)
        campaign_id = None if found is None else found.id
        if kind is not UploadObject.RESPONSES:
            faults.append(Fault("/campaign", "campaign_of_people", "is for responses only"))
        elif campaign_id is None:
            said = "is no campaign of this account"
            faults.append(Fault("/campaign", "campaign_not_found", said))
    if sequence is not None:
        sequence_id = (await find_ids(session, account_id, [sequence])).get(sequence)
        if kind is not UploadObject.PARTICIPANTS:
            said = "is for participants only"
            faults.append(Fault("/sequence", "sequence_of_others", said))
        elif sequence_id is None:
            said = "is no sequence of this account"
            faults.append(Fault("/sequence", "sequence_not_found", said))
    if kind is UploadObject.PARTICIPANTS and operation is UploadOperation.UPDATE:
        said = "is nothing that can be done with participants"
        faults.append(Fault("/operation", "not_of_participants", said))
    return Places(campaign_id, sequence_id), faults
