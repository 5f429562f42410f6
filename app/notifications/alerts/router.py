"""Who is told of what goes wrong, where nothing else is said."""

from fastapi import APIRouter, Response

from app.accounts.caller import Manager, Reader
from app.accounts.transaction import Now, Tx
from app.core import etags
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.problems import problems
from app.core.routes import Route
from app.notifications.alerts import queries, service
from app.notifications.alerts.rules import DEFAULT_ON, AlertOn
from app.notifications.alerts.schemas import AlertPolicyPut, AlertPolicyRead

router = APIRouter(tags=["notifications"], route_class=Route)


@router.get("/alert-policy", response_model=AlertPolicyRead)
async def read_alert_policy(caller: Reader, tx: Tx, response: Response) -> AlertPolicyRead:
    """Who is told by e-mail, and of what, where a job or group has no alert of its own."""
    found = await queries.find_policy(tx, caller.account_id)
    etags.show(response, 0 if found is None else found.version)
    if found is None:
        return AlertPolicyRead(emails=[], on=DEFAULT_ON, updated_at=None, updated_by=None)
    return AlertPolicyRead(
        emails=found.emails,
        on=[AlertOn(word) for word in found.on],
        updated_at=found.updated_at,
        updated_by=found.updated_by,
    )


@router.put("/alert-policy", response_model=AlertPolicyRead, responses=problems(ChangedMeanwhile))
async def replace_alert_policy(
    wanted: AlertPolicyPut,
    caller: Manager,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> AlertPolicyRead:
    """Replace the policy; what is left out gets its default. Safe to repeat.

    It holds for what happens from now on: messages that were written go out as they are.
    """
    put, version = await service.put_policy(
        tx, caller.account_id, wanted, if_match=if_match, by=caller.user, now=now
    )
    etags.show(response, version)
    return put
