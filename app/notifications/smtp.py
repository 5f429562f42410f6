"""Sending one e-mail: the port that whoever has an e-mail to send calls, with nothing held open.

    Mail ──▶ send ──▶ sent       the server has taken it
                 ├──▶ kept       a sandbox without a server: to be read in its mailbox
                 ├──▶ deferred   nobody has it: again later (down, busy, login, sender)
                 └──▶ refused    the server will never take it, and says why

Whether a server that went away before its last word has taken it, nobody knows: that is deferred,
and its `Message-ID` is the same at every attempt, by which receivers know it again.
"""

import asyncio
import contextlib
import mimetypes
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import format_datetime
from enum import StrEnum
from uuid import UUID

import aiosmtplib
from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)
from email_validator import validate_email

from app.core.notice_settings import Smtp
from app.notifications.mailing import Attachment, one_line

_LONGEST_REASON = 500
_PERMANENT = 500
# Of the answers to a sender this one is about the message: it is too large.
_TOO_LARGE = 552
_GOODBYE_SECONDS = 1.0
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


class Fate(StrEnum):
    """What became of it."""

    SENT = "sent"
    KEPT = "kept"
    DEFERRED = "deferred"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it, and why.

    Attributes:
        may_have_left: nobody took it as far as is known, and the server went away in between.
    """

    fate: Fate
    reason: str | None = None
    may_have_left: bool = False


async def send(mail: Mail, settings: Smtp, *, is_sandbox: bool) -> Outcome:
    """Hand it to the server; raises nothing that a server or a network can cause."""
    if not settings.host:
        if is_sandbox:
            return Outcome(Fate.KEPT)
        return Outcome(Fate.DEFERRED, "no SMTP server is configured")
    try:
        message = composed(mail, sender=settings.from_address)
    except (ValueError, MessageError, UnicodeError) as error:
        return _said(Fate.REFUSED, f"it is no message: {error}")
    return await _handed(message, mail.recipient, settings)


def composed(mail: Mail, *, sender: str) -> EmailMessage:
    """The message as it goes out.

    Raises:
        ValueError: the recipient is no address, or a header would have a second line.
    """
    validate_email(mail.recipient, check_deliverability=False, test_environment=True)
    message = EmailMessage(policy=_POLICY)
    message["From"] = f"Penstock <{sender}>"
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
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


async def _handed(message: EmailMessage, recipient: str, settings: Smtp) -> Outcome:
    server = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        username=settings.username or None,
        password=settings.password.get_secret_value() or None,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        tls_context=_trust(settings) if settings.security != "none" else None,
        timeout=settings.timeout.total_seconds(),
    )
    is_said = False
    try:
        async with asyncio.timeout(settings.timeout.total_seconds()):
            await server.connect()
            is_said = True
            await server.send_message(message, sender=settings.from_address, recipients=[recipient])
    except Exception as error:
        # Whatever it was, foreseen or not: the others' mail goes on.
        server.close()
        judged = _judged(error)
        has_answered = isinstance(error, SMTPRecipientsRefused | SMTPResponseException)
        return replace(judged, may_have_left=is_said and not has_answered)
    # It is taken; what the server makes of a goodbye changes nothing.
    with contextlib.suppress(SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await server.quit()
    server.close()
    return Outcome(Fate.SENT)


def _judged(error: Exception) -> Outcome:
    """Whether another attempt could help.

    What is wrong with this installation (its login, its sender) is put right by its operator; what
    the server says of the recipient or the content with a 5xx is its last word.
    """
    if isinstance(error, SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
        is_last = error.code >= _PERMANENT
    elif isinstance(error, SMTPDataError):
        is_last = error.code >= _PERMANENT
    elif isinstance(error, SMTPSenderRefused):
        is_last = error.code == _TOO_LARGE
    else:
        # ValueError: the library will not send to such an address.
        is_last = isinstance(error, ValueError) and not isinstance(error, ssl.SSLError)
    if isinstance(error, SMTPResponseException):
        return _said(_fate(is_last), f"{error.code} {error.message}")
    return _said(_fate(is_last), f"{type(error).__name__}: {error}")


def _fate(is_last: bool) -> Fate:
    return Fate.REFUSED if is_last else Fate.DEFERRED


def _said(fate: Fate, reason: str) -> Outcome:
    return Outcome(fate, one_line(reason)[:_LONGEST_REASON])


def _trust(settings: Smtp) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca_file:
        context.load_verify_locations(settings.ca_file)
    return context
