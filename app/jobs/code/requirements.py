"""requirements.txt: what may stand in it, and its normal form. Pure.

Allowed on a line: a name, extras, versions, a marker, hashes (`--hash=sha256:…`), a comment; a
backslash at its end joins it to the next. Everything that reaches elsewhere is refused: options
(`-r`, `-c`, `-e`, `-i`, `-f`, `--index-url`, …), addresses (`name @ https://…`), paths, files,
variables of the environment (`${NAME}`).
"""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from app.jobs.code.errors import RequirementRefused, RequirementsNotText, RequirementsTooLarge

MOST_BYTES = 64 * 2**10
MOST_LINES = 500

_COMMENT = re.compile(r"(^|\s+)#.*$")
_HASH = re.compile(
    r"\s--hash(?:=|\s+)(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})"
)
_OPTION = re.compile(r"(^|\s)-")
_FILE = re.compile(r"\.(whl|zip|egg|tar|tgz|tbz|txz|tlz|tar\.\w+)(\[|$|\s|[<>=!~;])", re.IGNORECASE)
# What PowerShell writes begins with the first two, Notepad's text with the third.
_MARKS = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What is to be installed: lines in normal form, sorted, each once."""

    lines: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The same for requirements that mean the same; hexadecimal."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()


def decoded(content: bytes) -> str:
    """The text of a requirements.txt: UTF-8, or UTF-16 with a mark.

    Raises:
        RequirementsNotText: it is neither.
    """
    mark, encoding = next((one for one in _MARKS if content.startswith(one[0])), (b"", "utf-8"))
    try:
        text = content.removeprefix(mark).decode(encoding)
    except UnicodeDecodeError:
        raise RequirementsNotText from None
    if "\0" in text:
        raise RequirementsNotText
    return text


def parse_requirements(text: str) -> Requirements:
    """Read a requirements.txt; without any requirement there are no lines.

    Raises:
        RequirementsTooLarge: it has more than 64 KiB or 500 requirements.
        RequirementRefused: a line that is not allowed, by its number, from 1.
    """
    if len(text.encode()) > MOST_BYTES:
        raise RequirementsTooLarge(most_bytes=MOST_BYTES, most_lines=MOST_LINES)
    lines = {_normal(line, number) for number, line in _joined(text)}
    if len(lines) > MOST_LINES:
        raise RequirementsTooLarge(most_bytes=MOST_BYTES, most_lines=MOST_LINES)
    return Requirements(tuple(sorted(lines)))


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Each requirement in one piece, with the number of its first line."""
    held, first = "", 0
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        first = first or number
        # As pip does it: a comment is never continued.
        if line.endswith("\\") and not _COMMENT.match(line):
            held += f"{line[:-1]} "
            continue
        whole = _COMMENT.sub("", held + line).strip()
        if whole:
            yield first, whole
        held, first = "", 0
    if held.strip():
        yield first, _COMMENT.sub("", held).strip()


def _normal(line: str, number: int) -> str:
    def refused(reason: str) -> RequirementRefused:
        return RequirementRefused(line=number, reason=reason)

    if not (line.isascii() and line.isprintable()) or "$" in line:
        raise refused("it holds a character that no requirement needs")
    hashes = sorted({f"--hash={found}" for found in _HASH.findall(line)})
    wanted = _HASH.sub("", line).strip()
    if _OPTION.search(wanted):
        raise refused("of options only --hash is allowed, with sha256, sha384 or sha512")
    if _FILE.search(wanted.partition(";")[0]):
        raise refused("files are not allowed, only names and versions")
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement:
        raise refused("it is not a name with versions, like requests>=2.31") from None
    if requirement.url is not None:
        raise refused("addresses are not allowed, only names and versions")
    return " ".join([_text_of(requirement), *hashes])


def _text_of(requirement: Requirement) -> str:
    extras = ",".join(sorted({canonicalize_name(extra) for extra in requirement.extras}))
    name = canonicalize_name(requirement.name) + (f"[{extras}]" if extras else "")
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{name}{requirement.specifier}{marker}"
