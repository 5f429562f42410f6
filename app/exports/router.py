"""Ordering exports; how they stand is what `GET /runs/{id}` says, and their files lie there."""

from fastapi import APIRouter, Response

from app.accounts.caller import Reader
from app.accounts.transaction import Now, Tx
from app.core.problems import problems
from app.core.routes import Route
from app.criteria.errors import InvalidCriteria
from app.exports import service
from app.exports.errors import InvalidExport
from app.exports.schemas import ExportCreate
from app.runs.schemas import RunRead

router = APIRouter(tags=["exports"], route_class=Route)

_RETRY_AFTER_SECONDS = "1"


@router.post(
    "/exports",
    status_code=202,
    response_model=RunRead,
    responses=problems(InvalidExport, InvalidCriteria),
)
async def order_export(
    wanted: ExportCreate, caller: Reader, tx: Tx, now: Now, response: Response
) -> RunRead:
    """Write people, responses or runs, as they stand at one moment, to a file of a run.

    Once the run at Location has succeeded, `GET /v1/runs/{id}/files` names the file.
    """
    run = await service.order_export(tx, caller.account_id, wanted, by=caller.user, now=now)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    names = ["campaign_id", "upload_id", "group_id", "batch", "steps", "held_up"]
    names += ["progress", "error"]
    return RunRead.model_validate(run.model_dump() | dict.fromkeys(names))
