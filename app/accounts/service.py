"""What can be done with an account; inside the caller's transaction, never committing."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.accounts import queries
from app.accounts.errors import AccountNameTaken
from app.accounts.schemas import AccountPatch
from app.core import etags
from app.core.db import Session
from app.models import Account


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
    try:
        await session.flush()
    except IntegrityError:
        raise AccountNameTaken from None
    return account
