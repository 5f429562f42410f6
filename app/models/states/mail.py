"""What becomes of a copy of an e-mail.

A copy of an e-mail, one for each recipient:

    waiting ──▶ sent · kept (in a sandbox's mailbox) · failed
"""

from enum import StrEnum


class CopyState(StrEnum):
    """What became of a copy of an e-mail."""

    WAITING = "waiting"
    SENT = "sent"
    KEPT = "kept"
    FAILED = "failed"
