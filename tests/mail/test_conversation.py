"""E-mails one after the other over a connection that is kept, and servers that are tired of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from app.core.notice_settings import Smtp
from app.notifications import smtp
from app.notifications.conversation import Conversation, Fate, Outcome, conversation
from tests.mail.making import SENDER, a_mail, mail_server


@dataclass
class Scripted:
    """A mail server that does as it was told at the `turn`th command of that name.

    Attributes:
        says: an answer of its own; None: it hangs up; "": it says nothing any more.
    """

    command: str = ""
    turn: int = 0
    says: str | None = None
    port: int = 0
    connections: int = 0
    taken: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(b"220 here\r\n")
        try:
            await self._talk(reader, writer)
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_content = False
        while line := await reader.readline():
            if is_content and line != b".\r\n":
                continue
            name = "END" if is_content else line[:4].decode().strip().upper()
            self.seen[name] = self.seen.get(name, 0) + 1
            is_content = False
            if (name, self.seen[name]) == (self.command, self.turn):
                if self.says is None:
                    return
                if not self.says:
                    await asyncio.Event().wait()
                writer.write(f"{self.says}\r\n".encode())
                continue
            self.taken += name == "END"
            is_content = name == "DATA"
            writer.write(b"354 go on\r\n" if is_content else b"250 well\r\n")

    @property
    def settings(self) -> Smtp:
        return Smtp(
            host="127.0.0.1",
            port=self.port,
            security="none",
            from_address=SENDER,
            # Only whoever falls silent is to be given up.
            timeout=timedelta(seconds=3 if self.says == "" else 60),
        )


@asynccontextmanager
async def scripted(
    command: str = "", turn: int = 0, says: str | None = None
) -> AsyncIterator[Scripted]:
    server = Scripted(command, turn, says)
    tasks: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(server.serve(reader, writer)))

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def sent(settings: Smtp, held: Conversation, emails: int) -> Sequence[Outcome]:
    return [
        await smtp.send(a_mail(f"p{n}@example.com"), settings, is_sandbox=False, held=held)
        for n in range(emails)
    ]


async def test_emails_go_over_one_connection() -> None:
    async with scripted() as server, conversation(server.settings) as held:
        outcomes = await sent(server.settings, held, 5)

    assert [one.fate for one in outcomes] == [Fate.SENT] * 5
    assert (server.connections, server.taken) == (1, 5)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("MAIL", None),
        ("MAIL", "421 too many for one connection"),
        ("MAIL", "451 too many for one connection"),
        ("RCPT", None),
        ("RCPT", "421 good bye"),
    ],
)
async def test_a_server_that_is_tired_of_a_connection_gets_the_email_over_a_new_one(
    command: str, says: str | None
) -> None:
    async with scripted(command, 3, says) as server, conversation(server.settings) as held:
        outcomes = await sent(server.settings, held, 5)

    assert [one.fate for one in outcomes] == [Fate.SENT] * 5
    assert (server.connections, server.taken) == (2, 5)


@pytest.mark.parametrize("says", [None, "", "what"])
async def test_an_email_whose_content_was_on_the_way_is_not_tried_again(says: str | None) -> None:
    async with scripted("END", 2, says) as server, conversation(server.settings) as held:
        outcomes = await sent(server.settings, held, 3)

    assert [(one.fate, one.may_have_left) for one in outcomes] == [
        (Fate.SENT, False),
        (Fate.DEFERRED, True),
        (Fate.SENT, False),
    ]
    assert server.taken == 2


async def test_a_server_that_falls_silent_before_the_content_has_nothing() -> None:
    async with scripted("RCPT", 1, "") as server, conversation(server.settings) as held:
        outcomes = await sent(server.settings, held, 2)

    assert [(one.fate, one.may_have_left) for one in outcomes] == [
        (Fate.DEFERRED, False),
        (Fate.SENT, False),
    ]


async def test_whom_the_server_refuses_keeps_nobody_behind_from_theirs() -> None:
    async with mail_server() as server:
        server.refuses["p1@example.com"] = "550 no such person"
        settings = server.settings()
        async with conversation(settings) as held:
            outcomes = await sent(settings, held, 3)

    assert [one.fate for one in outcomes] == [Fate.SENT, Fate.REFUSED, Fate.SENT]
    assert server.recipients == ["p0@example.com", "p2@example.com"]


async def test_nothing_that_a_person_is_called_becomes_a_header() -> None:
    subject = "Hello Eve\r\nBcc: victim@example.com\r\n\r\n<script>\x01\x85\u2028{{person.email}}"
    async with mail_server() as server:
        settings = server.settings()
        mail = replace(a_mail("eve@example.com"), subject=subject, text="<b>\r\n.\r\nRCPT TO:<x>")
        outcome = await smtp.send(mail, settings, is_sandbox=False)

    (arrived,) = server.mails
    assert outcome.fate is Fate.SENT
    assert server.recipients == ["eve@example.com"]
    assert arrived["Bcc"] is None
    assert arrived["Subject"] == "Hello Eve Bcc: victim@example.com <script> {{person.email}}"
    assert arrived.get_content_type() == "text/plain"
    assert arrived.get_content().splitlines() == ["<b>", ".", "RCPT TO:<x>"]
