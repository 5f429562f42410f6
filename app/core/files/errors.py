"""What can go wrong with files.

OutOfRoom ──── StorageFull
NotFound ───── FileGone
Unavailable ── FilesUnavailable
"""

from datetime import timedelta

from app.core.errors import NotFound, OutOfRoom, Unavailable


class StorageFull(OutOfRoom):
    """There is no room left where files are kept; what was kept before is whole."""

    retry_after = timedelta(minutes=1)


class FileGone(NotFound):
    """The file is no longer kept."""


class FilesUnavailable(Unavailable):
    """Files cannot be kept or read right now; the same call may work in a moment."""

    retry_after = timedelta(seconds=5)
