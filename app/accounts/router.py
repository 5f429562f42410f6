"""The account's own page, and what the installation does with accounts."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.accounts import queries, service
from app.accounts.caller import Platform, Reader
from app.accounts.errors import AccountNameTaken, AccountNotFound
from app.accounts.schemas import AccountCreate, AccountRead, PlanPatch
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


@router.post(
    "/accounts",
    status_code=201,
    response_model=AccountRead,
    responses=problems(AccountNameTaken),
)
async def create_account(
    order: AccountCreate, caller: Platform, tx: Tx, response: Response
) -> Account:
    """Make a tenant. Only a key of the installation may."""
    account = await service.create(tx, order, by=caller.account_id)
    etags.show(response, account.version)
    return account


@router.patch(
    "/accounts/{account_id}/plan",
    response_model=AccountRead,
    responses=problems(AccountNotFound, ChangedMeanwhile),
)
async def change_plan(
    account_id: UUID,
    patch: PlanPatch,
    caller: Platform,
    tx: Tx,
    response: Response,
    if_match: IfMatch = None,
) -> Account:
    """Change limits of any account; null takes one back to its default. Safe to repeat."""
    account = await service.change_plan(
        tx, account_id, patch, by=caller.account_id, if_match=if_match
    )
    etags.show(response, account.version)
    return account
