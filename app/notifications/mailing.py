"""E-mail to be sent: written in the transaction that has a reason for it, sent after it.

post ──▶ messages ──▶ a copy for each recipient ──▶ pending_copies ──▶ whoever is free sends it

So nothing is sent of what was rolled back, and nothing that was committed is lost.
"""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.core.ids import uuid7

_LONGEST_SUBJECT = 255
# Line ends and all else that is not text: a subject is one line, whatever it was made of.
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_MESSAGES = """
INSERT INTO messages (account_id, id, cause, cause_id, subject, text, html, attachments, made_at)
SELECT $1, m.*, $9
  FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::jsonb[])
       AS m(id, cause, cause_id, subject, text, html, attachments)
"""
_COPIES = """
WITH copies AS (
    INSERT INTO message_copies (account_id, id, message_id, recipient, state)
    SELECT $1, c.*, 'waiting' FROM unnest($2::uuid[], $3::uuid[], $4::text[])
        AS c(id, message_id, recipient)
    RETURNING account_id, id)
INSERT INTO pending_copies (account_id, copy_id, due_at) SELECT account_id, id, $5 FROM copies
"""
_KEEP = """
INSERT INTO message_copies (account_id, id, message_id, recipient, state, ended_at)
VALUES ($1, $2, $3, $4, 'kept', $5)
"""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail; each recipient gets a copy, and does not see the others.

    Attributes:
        to: addresses; one that is given twice, in whatever case, gets one copy.
        subject: one line; line ends become spaces, and what is beyond 255 characters is cut.
        cause: what it is about, e.g. "run", "group", "alert", "job_expiry".
        cause_id: which one.
    """

    to: Sequence[str]
    subject: str
    text: str
    cause: str
    cause_id: UUID
    html: str | None = None
    attachments: Sequence[Attachment] = ()


async def post(
    session: Transaction, account_id: UUID, letters: Sequence[Letter], *, at: datetime
) -> None:
    """Have these sent from `at` on, if and only if this transaction commits."""
    wanted = [(uuid7(), letter) for letter in letters if letter.to]
    if not wanted:
        return
    driver = await driver_of(session)
    columns = [list(values) for values in zip(*(_row(*one) for one in wanted), strict=True)]
    await driver.execute(_MESSAGES, account_id, *columns, at)
    copies = [(uuid7(), id_, address) for id_, letter in wanted for address in _once(letter.to)]
    columns = [list(values) for values in zip(*copies, strict=True)]
    await driver.execute(_COPIES, account_id, *columns, at)


async def keep(
    session: Transaction, account_id: UUID, copy_id: UUID, letter: Letter, *, at: datetime
) -> None:
    """Put a letter to one address into the sandbox's mailbox, as the sender port said: `kept`.

    For whoever sends by a protocol of his own; the id is the one that was given to the port.
    """
    driver = await driver_of(session)
    message_id = uuid7()
    columns = [[value] for value in _row(message_id, letter)]
    await driver.execute(_MESSAGES, account_id, *columns, at)
    await driver.execute(_KEEP, account_id, copy_id, message_id, letter.to[0], at)


def one_line(text: str) -> str:
    """The text without line ends and control characters, as a header can have it."""
    return _NOT_TEXT.sub(" ", text).strip()


def _row(id_: UUID, letter: Letter) -> tuple[object, ...]:
    files = [
        {"name": one.name, "content": base64.b64encode(one.content).decode()}
        for one in letter.attachments
    ]
    subject = one_line(letter.subject)[:_LONGEST_SUBJECT]
    about = (letter.cause, letter.cause_id)
    return (id_, *about, subject, letter.text, letter.html, json.dumps(files))


def _once(addresses: Sequence[str]) -> list[str]:
    return list({address.casefold(): address for address in reversed(addresses)}.values())[::-1]
