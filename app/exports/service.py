"""What can be done with exports: order one. Inside the caller's transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.campaigns.queries import find_campaign
from app.core.db import Session
from app.core.errors import Fault
from app.exports import rules
from app.exports.errors import InvalidExport
from app.exports.schemas import ExportCreate
from app.models import Run
from app.models.states import RunKind, RunTrigger
from app.runs.queries import get_run
from app.runs.queue import queue_run


async def order_export(
    session: Session, account_id: UUID, wanted: ExportCreate, *, by: str, now: datetime
) -> Run:
    """Queue a run that writes the export; what it was ordered to do is in its details.

    Raises:
        InvalidCriteria: criteria that make no sense in themselves.
        InvalidExport: parts that do not go together, or a campaign that there is not.
    """
    order = await check(session, account_id, wanted)
    run_id = await queue_run(
        session,
        account_id,
        RunKind.EXPORT,
        trigger=RunTrigger.API,
        subject_id=None,
        requested_by=by,
        now=now,
        details=order,
    )
    return await get_run(session, account_id, run_id)


async def check(session: Session, account_id: UUID, wanted: ExportCreate) -> dict[str, Any]:
    """The order as it is kept, in JSON: its campaign by id.

    Raises:
        InvalidCriteria: criteria that make no sense in themselves.
        InvalidExport: parts that do not go together, or a campaign that there is not.
    """
    order = wanted.model_dump(mode="json", by_alias=True, exclude_none=True)
    faults = rules.faults_in_filters(wanted.object, list(order))
    faults += rules.faults_in_columns(wanted.object, wanted.columns or [])
    if wanted.criteria is not None:
        faults += rules.faults_in_criteria(wanted.object, wanted.criteria)
    if not faults and wanted.campaign is not None:
        campaign = await find_campaign(session, account_id, wanted.campaign)
        if campaign is None:
            faults.append(Fault("/campaign", "campaign_not_found", "There is no such campaign."))
        else:
            order["campaign"] = str(campaign.id)
    if faults:
        raise InvalidExport(faults=faults)
    return order
