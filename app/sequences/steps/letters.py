"""E-mails of a batch on their way: what is taken at once, how each stands, what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.sequences.templates import Rendered


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail to be sent, now or never."""

    action_id: UUID
    to: str
    message: Rendered


@dataclass(frozen=True, slots=True)
class Taken:
    """A page of e-mails that are attempted from now on, and what became of the others.

    Args:
        attempted_at: the page's token: what is recorded goes by it.
        last: the last action that was looked at; None: there was none.
    """

    mails: Sequence[Mail]
    attempted_at: datetime
    last: UUID | None
    opted_out: int = 0
    blank: int = 0
    by_hand: int = 0


class Stand(StrEnum):
    """Whether an e-mail that is attempted is to leave, asked once more before it does.

    - later: not by this run: somebody else has it, or the person was converted, and is to go.
    - unwanted: the person has opted out.
    - over: the participant has gone.
    """

    NOW = "now"
    LATER = "later"
    UNWANTED = "unwanted"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of a page of e-mails.

    Args:
        refused: for good, with the mail server's words.
        unsent: never left, and are sent by a later run.
        later: were not to leave now, and are seen to by a later run.
        lost: may have left, and are never sent again.
        unwanted: never left, and never will: the person has opted out.
        over: never left, and never will: the participant has gone.
    """

    sent: Sequence[UUID]
    refused: Mapping[UUID, str]
    unsent: Sequence[UUID]
    later: Sequence[UUID]
    lost: Sequence[UUID]
    unwanted: Sequence[UUID]
    over: Sequence[UUID]
