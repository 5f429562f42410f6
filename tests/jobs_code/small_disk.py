"""Running a script where a small disk is mounted, in a namespace of its own: no right is needed."""

import subprocess
import sys
from pathlib import Path

_MOUNT = """
import pathlib, subprocess, sys
disk = pathlib.Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=2k", "none", disk], check=True)
"""


def can_mount() -> bool:
    """Whether a namespace of this user's own may have mounts."""
    tried = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def on_a_small_disk(script: str, place: Path) -> None:
    """Run it with `disk`, of one megabyte, and fail with what it says if it fails."""
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", _MOUNT + script, str(place)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr + done.stdout
