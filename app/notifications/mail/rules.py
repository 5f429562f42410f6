"""When a copy that could not be sent is tried again. Pure."""

from datetime import timedelta

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
# Growing, so that a server that comes back is not met by all at once for long; two days and a
# half together, as mail servers have it.
PAUSES = (
    timedelta(seconds=15),
    _MINUTE,
    5 * _MINUTE,
    10 * _MINUTE,
    15 * _MINUTE,
    30 * _MINUTE,
    *(_HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 12 * _HOUR, 12 * _HOUR, 24 * _HOUR),
)


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts in vain; None: it is given up."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None
