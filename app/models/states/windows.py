"""Why a window closed.

A window:

    open ──▶ closed (delay · size · flush · hold_ended);  hold and release move only an open one
"""

from enum import StrEnum


class CloseReason(StrEnum):
    """Why a window closed."""

    DELAY = "delay"
    SIZE = "size"
    FLUSH = "flush"
    HOLD_ENDED = "hold_ended"
