"""What can be done with an account; inside the caller's transaction, never committing."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.accounts import plans, queries
from app.accounts.errors import AccountNameTaken, AccountNotFound
from app.accounts.schemas import AccountCreate, AccountPatch, PlanPatch
from app.core import clock, etags
from app.core.db import Session
from app.core.resources import restrict_to
from app.models import INSTALLATION, Account


async def create(session: Session, order: AccountCreate, *, by: UUID) -> Account:
    """Make a tenant; the transaction of the account `by` may see it from here on.

    Raises:
        AccountNameTaken: another account has the name.
    """
    account = Account(
        name=order.name,
        timezone=order.timezone,
        plan=plans.changed({}, order.plan.model_dump(mode="json")),
        created_at=clock.real_now(),
    )
    await restrict_to(session, (by, account.id))
    session.add(account)
    await _flush(session)
    return account


async def change(
    session: Session, account_id: UUID, patch: AccountPatch, *, if_match: str | None
) -> Account:
    """Change the given fields.

    Raises:
        ChangedMeanwhile: `if_match` names another version.
        AccountNameTaken: another account has the name.
    """
    account = await queries.get_account(session, account_id, lock=True)
    etags.check(if_match, account.version)
    for field, value in patch.model_dump(exclude_unset=True, exclude_none=True).items():
        setattr(account, field, value)
    account.version += 1
    await _flush(session)
    return account


async def change_plan(
    session: Session, account_id: UUID, patch: PlanPatch, *, by: UUID, if_match: str | None
) -> Account:
    """Change the given limits of any account; what runs already goes on.

    Raises:
        AccountNotFound: there is no such tenant; the installation's own account is none.
        ChangedMeanwhile: `if_match` names another version.
    """
    if account_id == INSTALLATION:
        raise AccountNotFound(account_id=account_id)
    await restrict_to(session, (by, account_id))
    account = await queries.get_account(session, account_id, lock=True)
    etags.check(if_match, account.version)
    account.plan = plans.changed(account.plan, patch.model_dump(mode="json", exclude_unset=True))
    account.version += 1
    await session.flush()
    return account


async def _flush(session: Session) -> None:
    try:
        await session.flush()
    except IntegrityError:
        raise AccountNameTaken from None
