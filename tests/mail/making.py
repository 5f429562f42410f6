"""What the tests of e-mail make: a real SMTP server on the loopback address, letters, workers."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from app.core import clock
from app.core.driver import driver_of
from app.core.ids import uuid7
from app.core.notice_settings import Smtp
from app.core.resources import Resources
from app.notifications.mailing import Letter, post
from app.notifications.smtp import Mail
from tests.conftest import Tenant
from workers.mail import send_copy
from workers.work import Work

SENDER = "penstock@example.com"


@dataclass
class MailServer:
    """Takes what it is given and keeps it, unless it was told to refuse it, or to be silent.

    Attributes:
        most: so many it takes; the last of them and all others get no answer.
    """

    port: int = 0
    refuses: dict[str, str] = field(default_factory=dict)
    refuses_content: str | None = None
    silent_for: set[str] = field(default_factory=set)
    most: int | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    were_encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.refuses_content is not None:
            return self.refuses_content
        if self.is_full or self.silent_for.intersection(envelope.rcpt_tos):
            # Until whoever waits for a word has had enough.
            await asyncio.Event().wait()
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        mail["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        self.mails.append(mail)
        self.were_encrypted.append(session.ssl is not None)
        if self.is_full:
            await asyncio.Event().wait()
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Believes whoever knows the word."""
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"open sesame", handled=False)

    @property
    def is_full(self) -> bool:
        return self.most is not None and len(self.mails) >= self.most

    @property
    def recipients(self) -> list[str]:
        return [mail["X-Envelope-To"] for mail in self.mails]

    def settings(self, **fields: Any) -> Smtp:
        return Smtp(
            **{
                "host": "127.0.0.1",
                "port": self.port,
                "security": "none",
                "from_address": SENDER,
                **fields,
            }
        )


@asynccontextmanager
async def mail_server(
    trust: ssl.SSLContext | None = None, *, port: int = 0, has_login: bool = False
) -> AsyncIterator[MailServer]:
    """A server while the block lasts; with a certificate it wants STARTTLS first."""
    kept = MailServer()
    given: dict[str, Any] = {"hostname": "mail.test", "enable_SMTPUTF8": True}
    if trust is not None:
        given |= {"tls_context": trust, "require_starttls": True}
    if has_login:
        given |= {"authenticator": kept.authenticate, "auth_required": True}
        given |= {"auth_require_tls": trust is not None}
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(kept, loop=loop, **given), "127.0.0.1", port, family=socket.AF_INET
    )
    kept.port = listening.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        listening.close()


@asynccontextmanager
async def worker_with(resources: Resources, smtp: Smtp, **others: Any) -> AsyncIterator[Work]:
    """A worker that sends by this server."""
    settings = resources.settings.model_copy(update={"smtp": smtp, **others})
    async with Resources(settings) as own:
        yield Work(own)


def a_letter(*to: str, **fields: Any) -> Letter:
    told: dict[str, Any] = {
        "to": to or ("ops@example.com",),
        "subject": "Something failed",
        "text": "It did.\n",
        "cause": "run",
        "cause_id": uuid7(),
    }
    return Letter(**(told | fields))


def a_mail(to: str = "ops@example.com") -> Mail:
    now = clock.real_now()
    return Mail(id=uuid7(), recipient=to, subject="Hello", text="There.\n", written_at=now)


async def posted(
    resources: Resources, tenant: Tenant, *letters: Letter, later: timedelta = timedelta()
) -> None:
    async with resources.unit_of_work(tenant.account_id) as session:
        at = clock.business_now(session) + later
        await post(session, tenant.account_id, letters, at=at)


async def send_all(work: Work, tenant: Tenant) -> None:
    """One look of a worker, at this account's copies alone."""
    for copy_id in await waiting_of(work.resources, tenant):
        await send_copy(work, tenant.account_id, copy_id)


async def waiting_of(resources: Resources, tenant: Tenant) -> Sequence[UUID]:
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        rows = await driver.fetch("SELECT copy_id FROM pending_copies ORDER BY copy_id")
    return [row["copy_id"] for row in rows]


async def copies_of(resources: Resources, tenant: Tenant) -> dict[str, tuple[str, str | None]]:
    """State and error of each copy, by recipient."""
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        rows = await driver.fetch("SELECT recipient, state, error FROM message_copies ORDER BY id")
    return {row["recipient"]: (row["state"], row["error"]) for row in rows}
