"""The only SQL of the command line: which accounts this installation has."""

from sqlmodel import col, select

from app.core.resources import Resources
from app.models import INSTALLATION, Account

MOST = 100


async def list_account_names(resources: Resources) -> list[str]:
    """Names of at most a hundred accounts, the installation's own left out."""
    wanted = select(col(Account.id)).where(col(Account.id) != INSTALLATION).limit(MOST)
    async with resources.look_everywhere() as connection:
        ids = (await connection.execute(wanted)).scalars().all()
    if not ids:
        return []
    # Names are behind the wall, so it is opened for just these.
    async with resources.unit_of_work(*ids) as session:
        named = select(Account).where(col(Account.id).in_(ids)).order_by(col(Account.name))
        return [account.name for account in (await session.exec(named)).all()]
