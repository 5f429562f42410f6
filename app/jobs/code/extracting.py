"""Writing a zip that was inspected onto the disk: all of it, or nothing."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from app.core.files.local import translated
from app.jobs.code.errors import ZipChanged
from app.jobs.code.inspecting import Inspected, whole_of
from app.jobs.code.zips.members import Member, read_members
from app.jobs.code.zips.unpacking import Allowance, unpack

_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


def extract(content: bytes | Path, into: Path, inspected: Inspected) -> None:
    """Make the folder `into`, which is not there yet, of a zip that was inspected.

    It is written beside and renamed, so it is there whole or not at all. Files have mode 0644 and
    folders 0755, whatever the zip says. Everything is checked and counted again meanwhile.

    Raises:
        ZipTooLarge, ZipChanged: it is another zip than the one inspected.
        CodeRefused: as for `inspect_zip`.
        StorageFull, FilesUnavailable: the disk takes no more; nothing is left.
        FileExistsError: there is something where the folder is to be.
    """
    whole = whole_of(content, most_bytes=inspected.size_bytes)
    if hashlib.sha256(whole).hexdigest() != inspected.sha256:
        raise ZipChanged
    if into.is_symlink() or into.exists():
        raise FileExistsError(into)
    with translated():
        into.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
        try:
            draft.chmod(_FOLDER_MODE)
            _write_members(whole, draft)
            draft.rename(into)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _write_members(content: bytes, root: Path) -> None:
    allowance = Allowance(len(content))
    # Read again, not taken from what was inspected: that may have been a process away.
    for member in read_members(content):
        if member.is_folder:
            _make_folder(root, member.steps)
        else:
            _make_folder(root, member.steps[:-1])
            _write_file(content, member, root.joinpath(*member.steps), allowance)


def _make_folder(root: Path, steps: tuple[str, ...]) -> None:
    folder = root
    for step in steps:
        folder /= step
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(_FOLDER_MODE)


def _write_file(content: bytes, member: Member, path: Path, allowance: Allowance) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, _FILE_MODE), "wb") as file:
        os.fchmod(file.fileno(), _FILE_MODE)
        for step in unpack(content, member, allowance):
            file.write(step)
