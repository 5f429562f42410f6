"""The account's own page."""

from fastapi import APIRouter, Response

from app.accounts import queries, service
from app.accounts.caller import Admin, Reader
from app.accounts.errors import AccountNameTaken
from app.accounts.schemas import AccountPatch, AccountRead
from app.accounts.transaction import Tx
from app.core import etags
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.problems import problems
from app.core.routes import Route
from app.models import Account

router = APIRouter(tags=["account"], route_class=Route)


@router.get("/account", response_model=AccountRead)
async def read_account(caller: Reader, tx: Tx, response: Response) -> Account:
    """The account of this key."""
    account = await queries.get_account(tx, caller.account_id)
    etags.show(response, account.version)
    return account


@router.patch(
    "/account",
    response_model=AccountRead,
    responses=problems(ChangedMeanwhile, AccountNameTaken),
)
async def change_account(
    patch: AccountPatch, caller: Admin, tx: Tx, response: Response, if_match: IfMatch = None
) -> Account:
    """Rename the account or move it to another time zone. Safe to repeat."""
    account = await service.change(tx, caller.account_id, patch, if_match=if_match)
    etags.show(response, account.version)
    return account
