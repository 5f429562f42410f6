"""Who is told of what goes wrong, where nothing else is said."""

from fastapi import APIRouter

from app.accounts.caller import Manager, Reader
from app.accounts.transaction import Now, Tx
from app.core.routes import Route
from app.notifications.alerts import queries, service
from app.notifications.alerts.rules import DEFAULT_ON, AlertOn
from app.notifications.alerts.schemas import AlertPolicyPut, AlertPolicyRead

router = APIRouter(tags=["notifications"], route_class=Route)


@router.get("/alert-policy", response_model=AlertPolicyRead)
async def read_alert_policy(caller: Reader, tx: Tx) -> AlertPolicyRead:
    """Who is told by e-mail, and of what, where a job or group has no alert of its own."""
    found = await queries.find_policy(tx, caller.account_id)
    if found is None:
        return AlertPolicyRead(emails=[], on=DEFAULT_ON, updated_at=None, updated_by=None)
    return AlertPolicyRead(
        emails=found.emails,
        on=[AlertOn(word) for word in found.on],
        updated_at=found.updated_at,
        updated_by=found.updated_by,
    )


@router.put("/alert-policy", response_model=AlertPolicyRead)
async def replace_alert_policy(
    wanted: AlertPolicyPut, caller: Manager, tx: Tx, now: Now
) -> AlertPolicyRead:
    """Replace the policy; what is left out gets its default. Safe to repeat.

    It holds for what happens from now on: messages that were written go out as they are.
    """
    return await service.put_policy(tx, caller.account_id, wanted, by=caller.user, now=now)
