"""The same tests once more as an ordinary user, where the suite itself runs as root.

Production is not root, and the two ways to make a user differ. The interpreter and this tree may
lie where only root may go; so the tests run in a mount namespace of their own, in which the closed
folders above them are replaced by open ones that hold nothing else.
"""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.sources import ROOT

NOBODY = "65534"
HERE = Path(__file__).parent
TESTS = [
    *("test_endings.py", "test_walls.py", "test_limits.py", "test_leftovers.py"),
    *("test_leash.py", "test_starting.py"),
]
# $1: an open folder to keep things in. Then the closed folders, "--", what lies in them, "--".
OPENED = """
keep=$1; shift; closed=""
while [ "$1" != "--" ]; do closed="$closed $1"; shift; done
shift; n=0; needed=""
while [ "$1" != "--" ]; do
    n=$((n + 1)); mkdir -p "$keep/$n"; mount --bind "$1" "$keep/$n"; needed="$needed $1"; shift
done
shift
for folder in $closed; do mount -t tmpfs -o mode=755 none "$folder"; done
n=0
for folder in $needed; do
    n=$((n + 1)); mkdir -p "$folder"; mount --bind "$keep/$n" "$folder"
done
cd "$1"; shift
exec setpriv --reuid $NOBODY --regid $NOBODY --clear-groups --bounding-set=-all "$@"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="the whole folder runs as an ordinary user already")
def test_all_of_it_holds_for_an_ordinary_user() -> None:
    # Not below pytest's own folder, which is root's alone.
    keep = Path(
        subprocess.check_output(["mktemp", "-d", "/tmp/penstock-XXXXXX"], text=True).strip()
    )
    try:
        keep.chmod(0o755)
        home = keep / "home"
        home.mkdir()
        os.chown(home, int(NOBODY), int(NOBODY))
        needed = [Path(sys.base_prefix).resolve(), ROOT]
        closed = sorted({folder for path in needed if (folder := _closed_above(path))})
        pytest_words = ["-q", "-p", "no:cacheprovider", f"--confcutdir={HERE}"]
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-euc", OPENED, "sh"]
            + [str(keep), *map(str, closed), "--", *map(str, needed), "--", str(ROOT)]
            + [sys.executable, "-m", "pytest", *pytest_words, f"--basetemp={home}/pytest"]
            + [str(HERE / name) for name in TESTS],
            env={"HOME": str(home), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "NOBODY": NOBODY}
            | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", str(keep)], check=True)

    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def _closed_above(path: Path) -> Path | None:
    """The highest folder that only its owner may pass through."""
    folders = reversed([path, *path.parents])
    return next((f for f in folders if not f.stat().st_mode & stat.S_IXOTH), None)
