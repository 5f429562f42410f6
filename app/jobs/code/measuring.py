"""How much a folder holds."""

import contextlib
import os
from pathlib import Path


def bytes_of(folder: Path) -> int:
    """Bytes of all files below a folder, also while somebody writes there."""
    total = 0
    waiting = [os.fspath(folder)]
    while waiting:
        with contextlib.suppress(FileNotFoundError), os.scandir(waiting.pop()) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    waiting.append(one.path)
                else:
                    with contextlib.suppress(FileNotFoundError):
                        total += one.stat(follow_symlinks=False).st_size
    return total
