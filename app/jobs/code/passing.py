"""Folders for what is passing: an installation, a run. Whoever dies leaves theirs behind.

They are looked for when the next one is made, in the same place and with the same beginning of its
name, and deleted once nothing that lasts so long can be at work in them.
"""

import contextlib
import os
import shutil
import stat
import tempfile
import time
from datetime import timedelta
from pathlib import Path


def folder_for(
    prefix: str, *, longest: timedelta, place: Path | None = None
) -> "tempfile.TemporaryDirectory[str]":
    """A folder of one's own, for `longest` at most; what others left before that is deleted.

    Args:
        prefix: how its name begins, and that of nothing else in this place.
        place: made if it is not there; by default that of the system for temporary files.
    """
    around = place or Path(tempfile.gettempdir())
    around.mkdir(parents=True, exist_ok=True)
    before = time.time() - longest.total_seconds()
    for path in around.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            found = path.lstat()
            is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
            if is_ours and found.st_mtime < before:
                shutil.rmtree(path, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True)
