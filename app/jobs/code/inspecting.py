"""Looking into an uploaded zip: all of it is unpacked once, in memory, and nothing is kept."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.jobs.code.errors import MainFileTooLarge, NoMainFile, RequirementsTooLarge, ZipTooLarge
from app.jobs.code.main_function import MOST_SOURCE_BYTES, arity_of_main
from app.jobs.code.requirements import MOST_BYTES, MOST_LINES, decoded
from app.jobs.code.zips.members import Member, read_members
from app.jobs.code.zips.unpacking import Allowance, unpack

# Where main.py may lie; the first that has one.
_FOLDERS: tuple[tuple[str, ...], ...] = ((), ("src",))
_MAIN = "main.py"
_REQUIREMENTS = "requirements.txt"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What is known of a zip that may be run.

    Attributes:
        main: `main.py` or `src/main.py`; its folder is where the code runs.
        arity: with how many arguments `main` is called, 0 or 1.
        members: what is to be extracted.
        requirements: text of the requirements.txt beside main.py, else of that at the root.
        size_bytes, sha256: of the zip; the digest in hexadecimal.
    """

    main: str
    arity: int
    members: tuple[Member, ...]
    requirements: str | None
    unpacked_bytes: int
    size_bytes: int
    sha256: str


def inspect_zip(content: bytes | Path, *, most_bytes: int) -> Inspected:
    """Read a zip whole and say what it is; executes nothing and writes nothing.

    Takes up to half a second of a processor for 64 MB: call it in a thread.

    Raises:
        ZipTooLarge: it has more than `most_bytes`.
        CodeRefused: any of the other reasons of `errors`, for the first thing that is wrong.
    """
    whole = whole_of(content, most_bytes=most_bytes)
    members = read_members(whole)
    allowance = Allowance(len(whole))
    for member in members:
        for _ in unpack(whole, member, allowance):
            pass
    files = {member.steps: member for member in members if not member.is_folder}
    folder = next((one for one in _FOLDERS if (*one, _MAIN) in files), None)
    if folder is None:
        raise NoMainFile
    main = files[(*folder, _MAIN)]
    return Inspected(
        main=main.path,
        arity=arity_of_main(_source(whole, main), main.path),
        members=members,
        requirements=_requirements(whole, files, folder),
        unpacked_bytes=allowance.used_bytes,
        size_bytes=len(whole),
        sha256=hashlib.sha256(whole).hexdigest(),
    )


def whole_of(content: bytes | Path, *, most_bytes: int) -> bytes:
    """The bytes of a zip, of a file no more than may be.

    Raises:
        ZipTooLarge: they are more.
    """
    if isinstance(content, Path):
        with content.open("rb") as file:
            content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ZipTooLarge(most_bytes=most_bytes)
    return content


def _source(content: bytes, main: Member) -> bytes:
    if main.size_bytes > MOST_SOURCE_BYTES:
        raise MainFileTooLarge(name=main.path, most_bytes=MOST_SOURCE_BYTES)
    return _content_of(content, main)


def _requirements(
    content: bytes, files: Mapping[tuple[str, ...], Member], folder: tuple[str, ...]
) -> str | None:
    member = files.get((*folder, _REQUIREMENTS)) or files.get((_REQUIREMENTS,))
    if member is None:
        return None
    if member.size_bytes > MOST_BYTES:
        raise RequirementsTooLarge(most_bytes=MOST_BYTES, most_lines=MOST_LINES)
    return decoded(_content_of(content, member))


def _content_of(content: bytes, member: Member) -> bytes:
    return b"".join(unpack(content, member, Allowance(len(content))))
