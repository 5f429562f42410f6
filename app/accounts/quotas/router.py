"""What an account may use, and what is left of it."""

from fastapi import APIRouter

from app.accounts import queries
from app.accounts.caller import Reader
from app.accounts.quotas import service
from app.accounts.quotas.schemas import LimitsRead
from app.accounts.transaction import Now, Tx
from app.core.routes import Route

router = APIRouter(tags=["account"], route_class=Route)


@router.get("/account/limits", response_model=LimitsRead)
async def read_limits(caller: Reader, tx: Tx, now: Now) -> LimitsRead:
    """The limits of the account's plan, what is used up of them today, and when the day ends."""
    account = await queries.get_account(tx, caller.account_id)
    return await service.read_limits(tx, account, now=now)
