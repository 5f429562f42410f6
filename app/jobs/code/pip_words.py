"""What pip says when it fails, fit for the customer who caused it. Pure.

Kept: the last lines, which name packages and versions. Not kept: progress, addresses, the paths
of this machine.
"""

import re
from enum import Enum, auto

_MOST_LINES = 20
_MOST_CHARACTERS = 2_000
_PROGRESS = re.compile(
    r"\s*(Looking in |Collecting |Downloading |Using cached |Processing |Saved |Installing "
    r"|\[notice\]|WARNING: (Retrying|Location|Running pip|Ignoring|Skipping|Target directory)|$)"
)
_ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*:/+[^\s'\"()<>]+")
_HOST = re.compile(r"\bhost='[^']*'")
_PATH = re.compile(r"(?<![\w.~:/-])/(?:[^\s'\"(),:;<>]+)")
_UNREACHABLE = re.compile(
    r"connection broken by|Max retries exceeded|Could not fetch URL|HTTP error 5\d\d"
    r"|name resolution"
)
_TOO_LARGE = "[Errno 27]"
_NO_ROOM = "[Errno 28]"


class Blame(Enum):
    """Why pip failed, as far as its words tell."""

    REQUIREMENTS = auto()
    SIZE = auto()
    DISK = auto()
    INDEX = auto()


def blame_of(output: str) -> Blame:
    """Whose fault it is that pip failed."""
    if _TOO_LARGE in output:
        return Blame.SIZE
    if _NO_ROOM in output:
        return Blame.DISK
    if _UNREACHABLE.search(output):
        return Blame.INDEX
    return Blame.REQUIREMENTS


def words_of(output: str) -> str:
    """Pip's last words, at most 20 lines and 2,000 characters."""
    lines = [_clean(line) for line in output.splitlines() if not _PROGRESS.match(line)]
    words = "\n".join(lines[-_MOST_LINES:])
    return words[-_MOST_CHARACTERS:] or "pip did not say why"


def _clean(line: str) -> str:
    printable = "".join(one if one.isprintable() else " " for one in line)
    without_addresses = _ADDRESS.sub("(address)", printable)
    without_hosts = _HOST.sub("(address)", without_addresses)
    return _PATH.sub("(path)", without_hosts).rstrip()
