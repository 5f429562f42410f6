"""Names of members: which are taken, and how they are shown. Pure.

bytes ──▶ text ──▶ no absolute path, no `..`, nothing invisible ──▶ steps, without `.` and empty
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from app.jobs.code.errors import (
    MemberAbsolute,
    MemberClimbs,
    NameEmpty,
    NameNotPrintable,
    NameNotText,
    NameTooLong,
    NameWithBackslash,
)

_DRIVE = re.compile(r"[A-Za-z]:")
_INVISIBLE = {"Cc", "Cs", "Zl", "Zp"}
# They turn the order in which a name is read.
_TURNING = {*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_STEP_BYTES = 255
_NAME_BYTES = 1_000
_SHOWN = 60


def steps_of(raw: bytes, position: int) -> tuple[str, ...]:
    """The steps of a member's path, none for the root itself; never outside, never surprising.

    Names are UTF-8 whether or not the zip says so, as macOS and most others write them. `./a//b`
    is `a/b`: some tools write the like.

    Raises:
        NameEmpty, NameNotText, NameNotPrintable, NameTooLong, NameWithBackslash, MemberAbsolute,
        MemberClimbs: see each.
    """
    place: dict[str, Any] = {"position": position, "name": shown(raw)}
    if not raw:
        raise NameEmpty(position=position)
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise NameNotText(**place) from None
    if any(map(_is_hidden, name)):
        raise NameNotPrintable(**place)
    if name[0] in "/\\" or _DRIVE.match(name):
        raise MemberAbsolute(**place)
    if ".." in re.split(r"[/\\]", name):
        raise MemberClimbs(**place)
    if "\\" in name:
        raise NameWithBackslash(**place)
    steps = tuple(step for step in name.split("/") if step not in ("", "."))
    if len(raw) > _NAME_BYTES or any(len(step.encode()) > _STEP_BYTES for step in steps):
        raise NameTooLong(**place, most=_STEP_BYTES)
    return steps


def folded(steps: tuple[str, ...]) -> str:
    """The same for all names that some file system would take for one."""
    return "/".join(map(folded_step, steps))


@lru_cache(maxsize=4_096)
def folded_step(step: str) -> str:
    """The same for one step of a name; nothing joins across a slash."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", step).casefold())


def shown(raw: bytes) -> str:
    """A name as it may stand in a message: printable, and no longer than a line."""
    text = "".join(
        character if character.isprintable() else "?"
        for character in raw[: 4 * _NAME_BYTES].decode(errors="replace")
    )
    if len(text) <= _SHOWN:
        return text
    half = _SHOWN // 2
    return f"{text[:half]}…{text[-half:]}"


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE or ord(character) in _TURNING
