"""The sandbox's mailbox."""

from fastapi import APIRouter
from pydantic import BaseModel

from app.accounts.caller import Held, Reader
from app.accounts.transaction import Tx
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page, position
from app.core.problems import problems
from app.core.routes import Route
from app.models import Message, MessageCopy
from app.notifications.mail import queries
from app.notifications.mail.errors import NoMailbox
from app.notifications.mail.schemas import MailRead

router = APIRouter(tags=["notifications"], route_class=Route)


@router.get("/mailbox", response_model=Page[MailRead], responses=problems(NoMailbox, BadCursor))
async def read_mailbox(
    caller: Reader,
    tx: Tx,
    resources: Held,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> BaseModel:
    """The e-mails of this account, newest first: of a sandbox that has no SMTP server.

    Elsewhere they go out, and none is kept here.
    """
    settings = resources.settings
    if settings.smtp.host or not settings.sandbox:
        raise NoMailbox
    at = position(caller.account_id, "mailbox", cursor, limit)
    rows = await queries.list_kept(tx, caller.account_id, at)
    shown, following = at.page(rows, lambda row: row[0].id)
    return Page(items=[_read(*row) for row in shown], next_cursor=following)


def _read(copy: MessageCopy, message: Message) -> MailRead:
    told = message.model_dump(include={"subject", "text", "html", "cause", "cause_id", "made_at"})
    return MailRead(
        id=copy.id,
        to=copy.recipient,
        attachments=message.attachments,
        kept_at=copy.ended_at,
        **told,
    )
