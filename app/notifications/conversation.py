"""A connection to the mail server, kept for the next e-mail, and what became of each.

connect ──▶ MAIL, RCPT ──▶ DATA ──▶ the server's word
   └──────────┴── the connection broke: nobody has it
                            └── the connection broke: whether anybody has it, nobody knows
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum

import aiosmtplib
from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponse,
    SMTPResponseException,
    SMTPSenderRefused,
)
from aiosmtplib.typing import Default

from app.core.notice_settings import Smtp
from app.notifications.mailing import one_line

_LONGEST_REASON = 500
_PERMANENT = 500
# Of the answers to a sender this one is about the message: it is too large.
_TOO_LARGE = 552
_GOODBYE_SECONDS = 1.0


class Fate(StrEnum):
    """What became of an e-mail."""

    SENT = "sent"
    KEPT = "kept"
    DEFERRED = "deferred"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it, and why.

    Attributes:
        may_have_left: nobody took it as far as is known, but its content was on the way.
    """

    fate: Fate
    reason: str | None = None
    may_have_left: bool = False


class Conversation:
    """One e-mail after the other over one connection; a broken one is made anew."""

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._server: _Server | None = None

    async def hand_over(self, message: EmailMessage, recipient: str) -> Outcome:
        """Hand it to the server; raises nothing that a server or a network can cause.

        A server that is tired of a kept connection says so, or hangs up, before the content: then
        it is tried once more over a new one.
        """
        is_used = self._server is not None
        outcome = await self._try(message, recipient)
        if is_used and outcome.fate is Fate.DEFERRED and not outcome.may_have_left:
            outcome = await self._try(message, recipient)
        return outcome

    async def end(self) -> None:
        """Take leave; what the server makes of a goodbye changes nothing of what it has taken."""
        if self._server is None:
            return
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._server.quit()
        self._hang_up()

    async def _try(self, message: EmailMessage, recipient: str) -> Outcome:
        settings = self._settings
        server = self._server or _server_of(settings)
        self._server, server.has_content = server, False
        try:
            async with asyncio.timeout(settings.timeout.total_seconds()):
                if not server.is_connected:
                    await server.connect()
                await server.send_message(
                    message, sender=settings.from_address, recipients=[recipient]
                )
        except Exception as error:
            # Whatever it was, foreseen or not: the others' mail goes on.
            fate, reason = judged(error)
            if fate is Fate.DEFERRED or not server.is_connected:
                self._hang_up()
            return Outcome(fate, reason, server.has_content and not _is_answer(error))
        return Outcome(Fate.SENT)

    def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None


@asynccontextmanager
async def conversation(settings: Smtp) -> AsyncIterator[Conversation]:
    """A conversation while the block lasts; it begins with its first e-mail."""
    held = Conversation(settings)
    try:
        yield held
    finally:
        await held.end()


def judged(error: Exception) -> tuple[Fate, str]:
    """Whether another attempt could help, and what was said.

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
    fate = Fate.REFUSED if is_last else Fate.DEFERRED
    if isinstance(error, SMTPResponseException):
        return fate, in_short(f"{error.code} {error.message}")
    return fate, in_short(f"{type(error).__name__}: {error}")


def in_short(reason: str) -> str:
    """A reason as it is kept."""
    return one_line(reason)[:_LONGEST_REASON]


class _Server(aiosmtplib.SMTP):
    """Notes when the content of an e-mail sets out."""

    has_content = False

    async def data(
        self,
        message: str | bytes,
        /,
        *,
        timeout: float | Default | None = Default.token,  # noqa: ASYNC109  (the library's)
    ) -> SMTPResponse:
        self.has_content = True
        return await super().data(message, timeout=timeout)


def _server_of(settings: Smtp) -> _Server:
    return _Server(
        hostname=settings.host,
        port=settings.port,
        username=settings.username or None,
        password=settings.password.get_secret_value() or None,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        tls_context=_trust(settings) if settings.security != "none" else None,
        timeout=settings.timeout.total_seconds(),
    )


def _is_answer(error: Exception) -> bool:
    """Whether the server has said what it thinks of the e-mail; garbage has a code below zero."""
    if isinstance(error, SMTPResponseException):
        return error.code > 0
    return isinstance(error, SMTPRecipientsRefused)


def _trust(settings: Smtp) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca_file:
        context.load_verify_locations(settings.ca_file)
    return context
