"""Places where a process can be made to die or to stand still, each with a name.

Every transaction says what it is for, and every such purpose has two places:

    work ──▶ scoring.before_commit ──▶ COMMIT ──▶ scoring.after_commit ──▶ what follows

so whoever adds a purpose has added its failpoints, and the tests that kill at all of them find
the new ones by themselves. `PENSTOCK_FAILPOINT=NAME[:TIMES[:DEED]]`, in a sandbox only, arms one:
the process kills itself (`kill`) or stops until it is continued (`stop`) when it comes by for the
TIMES-th time.
"""

import os
import re
import signal
from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a transaction is committed for."""

    REQUEST = "request"
    INTAKE = "intake"
    CLAIM = "claim"
    SCORING = "scoring"
    RESOLUTION = "resolution"
    SETTING_ASIDE = "setting_aside"
    RELEASE = "release"
    WINDOWS = "windows"
    RUN_CLAIM = "run_claim"
    RUN_PROGRESS = "run_progress"
    RUN_END = "run_end"
    READING = "reading"
    PUBLISHING = "publishing"
    IMPORT_CLAIM = "import_claim"
    IMPORTING = "importing"
    FIRES = "fires"
    GROUPS = "groups"
    BATCH = "batch"
    BATCH_ATTEMPT = "batch_attempt"
    BATCH_SENT = "batch_sent"
    EXPIRY = "expiry"
    OVERDUE = "overdue"
    MAIL_CLAIM = "mail_claim"
    MAIL_RECORD = "mail_record"
    PULSE = "pulse"
    FANNING_OUT = "fanning_out"
    DELIVERY_CLAIM = "delivery_claim"
    DELIVERY_RECORD = "delivery_record"
    CLOCK = "clock"
    HEARTBEAT = "heartbeat"
    FOLDING = "folding"
    FORGETTING = "forgetting"


class Moment(StrEnum):
    """Where a transaction stands."""

    BEFORE = "before_commit"
    AFTER = "after_commit"


# Within a transaction: the effect is written, its events are not yet.
OUTBOX = "outbox.before_insert"

_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def names() -> list[str]:
    """Every registered failpoint."""
    return [OUTBOX, *(place(purpose, moment) for purpose in Purpose for moment in Moment)]


def place(purpose: Purpose, moment: Moment) -> str:
    """The failpoint's name, as a setting gives it."""
    return f"{purpose}.{moment}"


@dataclass(slots=True)
class Armed:
    """One failpoint of this process, and how often it may still be passed."""

    name: str
    left: int
    signal: signal.Signals

    def reach(self, name: str) -> None:
        """Come by a failpoint; if it is the armed one and its time has come, be hit by it."""
        if name != self.name:
            return
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.signal)


def armed(order: str) -> Armed:
    """What an order means, e.g. `intake.after_commit:3:stop`.

    Raises:
        ValueError: it is not of that form, or names no registered failpoint.
    """
    form = re.fullmatch(r"([a-z_]+\.[a-z_]+)(?::([1-9][0-9]{0,5}))?(?::(kill|stop))?", order)
    if form is None:
        raise ValueError("a failpoint is NAME[:TIMES[:kill|stop]]")
    if form[1] not in names():
        raise ValueError(f"a failpoint is one of {', '.join(names())}")
    return Armed(form[1], int(form[2] or 1), _SIGNALS[form[3] or "kill"])
