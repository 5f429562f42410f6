"""Sending one e-mail: the port that whoever has an e-mail to send calls, with nothing held open.

    Mail ──▶ send ──▶ sent       the server has taken it
                 ├──▶ kept       a sandbox without a server: to be read in its mailbox
                 ├──▶ deferred   nobody has it: again later (down, busy, login, sender)
                 └──▶ refused    the server will never take it, and says why

Whether a server that went away before its last word has taken it, nobody knows: that is deferred,
and its `Message-ID` is the same at every attempt, by which receivers know it again.
"""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import format_datetime
from uuid import UUID

from email_validator import validate_email

from app.core.notice_settings import Smtp
from app.notifications.conversation import Conversation, Fate, Outcome, conversation, in_short
from app.notifications.mailing import Attachment, one_line

_POLICY = LINES.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail to one address.

    Attributes:
        id: makes the `Message-ID`; the same id, the same message.
    """

    id: UUID
    recipient: str
    subject: str
    text: str
    written_at: datetime
    html: str | None = None
    attachments: Sequence[Attachment] = ()


async def send(
    mail: Mail, settings: Smtp, *, is_sandbox: bool, held: Conversation | None = None
) -> Outcome:
    """Hand it to the server; raises nothing that a server or a network can cause.

    Args:
        held: goes on with this conversation; else there is one for this e-mail.
    """
    if not settings.host:
        if is_sandbox:
            return Outcome(Fate.KEPT)
        return Outcome(Fate.DEFERRED, "no SMTP server is configured")
    try:
        message = composed(mail, sender=settings.from_address)
    except (ValueError, MessageError, UnicodeError) as error:
        return Outcome(Fate.REFUSED, in_short(f"it is no message: {error}"))
    if held is not None:
        return await held.hand_over(message, mail.recipient)
    async with conversation(settings) as own:
        return await own.hand_over(message, mail.recipient)


def composed(mail: Mail, *, sender: str) -> EmailMessage:
    """The message as it goes out.

    Raises:
        ValueError: the recipient is no address, or a header would have a second line.
    """
    validate_email(mail.recipient, check_deliverability=False, test_environment=True)
    message = EmailMessage(policy=_POLICY)
    message["From"] = f"Penstock <{sender}>"
    message["To"] = mail.recipient
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(mail.written_at)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    # So that no out-of-office answers it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    for one in mail.attachments:
        kind = mimetypes.guess_type(one.name)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        name = one_line(one.name)
        message.add_attachment(one.content, maintype=main, subtype=sub, filename=name)
    return message
