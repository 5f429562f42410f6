"""A change of the account, and what is planned by its time zone."""

from fastapi import APIRouter, Response

from app.accounts import service
from app.accounts.caller import Admin
from app.accounts.errors import AccountNameTaken
from app.accounts.schemas import AccountPatch, AccountRead
from app.accounts.transaction import Now, Tx
from app.batches import service as batches
from app.core import etags
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.problems import problems
from app.core.routes import Route
from app.models import Account

router = APIRouter(tags=["account"], route_class=Route)


@router.patch(
    "/account",
    response_model=AccountRead,
    responses=problems(ChangedMeanwhile, AccountNameTaken),
)
async def change_account(
    patch: AccountPatch,
    caller: Admin,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> Account:
    """Rename the account, move it to another time zone, say where its code may go. Repeatable.

    Batches come by at the half-hours of the new zone from then on.
    """
    account = await service.change(tx, caller.account_id, patch, if_match=if_match)
    if patch.timezone is not None:
        await batches.follow_zone(tx, account.id, now=now)
    etags.show(response, account.version)
    return account
