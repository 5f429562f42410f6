"""What the program inside tells on its own descriptor, read with distrust. Pure.

The customer's code can write there too. So every word is bounded and checked, the first end counts,
and the worst that a forged one does is to lie about the run that forged it.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from workers.sandbox.masking import clean

MOST_EMAILS = 3
MOST_SUBJECT = 255
_MOST_BODY = 2**20
_MOST_ATTACHED = 5 * 2**20
_MOST_WORD = 10 * 2**20
# What is no e-mail: the value of `main`, of which `run.py` tells a megabyte.
_EMAIL, _MOST_OTHER = b'{"email":', 2**20 + 1_000
_RETURNED = b'{"returned":'
_MOST_ALL = 64 * 2**20
_MOST_ERROR = 10_000
# Brackets, commas and colons: made into objects, ten megabytes of them are hundreds.
_MOST_PARTS = 2**21
_TOO_LONG = "Something that the code told was too long and is lost."


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EmailRequest:
    """A message that `LS.email` asked for; whom it goes to is the job's to say."""

    type: str
    subject: str
    body: str
    is_html: bool
    attachments: tuple[Attachment, ...] = ()


@dataclass(slots=True)
class Channel:
    """Everything that was told so far."""

    is_ready: bool = False
    has_begun: bool = False
    has_returned: bool = False
    value: Any = None
    unfit: str = ""
    error: str | None = None
    limit: str | None = None
    warnings: list[str] = field(default_factory=list)
    _emails: int = 0
    _rest: bytearray = field(default_factory=bytearray)
    _is_skipping: bool = False
    _seen_bytes: int = 0

    def feed(self, data: bytes) -> Iterator[EmailRequest]:
        """Take in what came; yields the e-mails among it."""
        self._seen_bytes += len(data)
        if self._seen_bytes > _MOST_ALL:
            self._rest.clear()
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._take(line)
            word = self._word()
            if word is not None:
                yield from self._hear(word)
        self._take(rest)

    def _take(self, piece: bytes) -> None:
        room = _MOST_WORD - len(self._rest)
        self._is_skipping = self._is_skipping or len(piece) > room
        self._rest += piece[:room]

    def _word(self) -> dict[str, Any] | None:
        data, was_long = bytes(self._rest), self._is_skipping
        if not data.startswith(_EMAIL):
            was_long = was_long or len(data) > _MOST_OTHER
        self._rest.clear()
        self._is_skipping = False
        if was_long or sum(map(data.count, b"[{,:")) > _MOST_PARTS:
            self._warn(_TOO_LONG)
            return None
        try:
            word = json.loads(data)
        except (ValueError, RecursionError):
            # Of a whole number with too many digits, say: `main` has returned all the same.
            is_end = data.startswith(_RETURNED)
            return {"returned": None, "unfit": "it cannot be read"} if is_end else None
        return word if isinstance(word, dict) else None

    def _hear(self, word: dict[str, Any]) -> Iterator[EmailRequest]:
        self.is_ready = self.is_ready or "ready" in word
        self.has_begun = self.has_begun or "began" in word
        is_over = self.has_returned or self.error is not None
        if "email" in word:
            yield from self._email(word["email"])
        elif "returned" in word and not is_over:
            self.has_returned, self.value = True, word["returned"]
            self.unfit = clean(str(word.get("unfit") or ""))[:200]
        elif "raised" in word and not is_over:
            self.error = clean(str(word["raised"]))[-_MOST_ERROR:]
            self.limit = str(word.get("limit") or "") or None

    def _warn(self, sentence: str) -> None:
        """Each once, however often it would be true."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def _email(self, told: Any) -> Iterator[EmailRequest]:
        try:
            email = _read_email(told)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
            self._warn("An e-mail was asked for in a form that is none; it is not sent.")
            return
        self._emails += 1
        if self._emails == MOST_EMAILS + 1:
            self._warn(f"Only {MOST_EMAILS} e-mails of a run are sent.")
        if self._emails <= MOST_EMAILS:
            yield email


def _read_email(told: Any) -> EmailRequest:
    if told["type"] not in ("Success", "Failure"):
        raise ValueError("type")
    attachments = tuple(
        Attachment(
            clean(str(file["name"]))[:MOST_SUBJECT],
            base64.b64decode(file["content"], validate=True),
        )
        for file in told["attachments"]
    )
    body = clean(str(told["body"]))
    if len(body) > _MOST_BODY or sum(len(f.content) for f in attachments) > _MOST_ATTACHED:
        raise ValueError("too much")
    # A line break would begin another header.
    subject = " ".join(clean(str(told["subject"])).split())[:MOST_SUBJECT]
    return EmailRequest(told["type"], subject, body, told["is_html"] is True, attachments)
