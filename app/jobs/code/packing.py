"""A folder as one archive, and back. The same content makes the same archive, wherever it lay."""

import gzip
import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from app.core.files.store import checked

_LEVEL = 3
_BLOCK_BYTES = 2**20
_FILE_MODE, _PROGRAM_MODE = 0o644, 0o755


def pack(folder: Path, into: Path) -> str:
    """Write all files of a folder into an archive; returns its SHA-256, hexadecimal."""
    with into.open("wb") as file:
        packed = gzip.GzipFile("", "wb", _LEVEL, file, mtime=0)
        with packed, tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as archive:
            for path in _below(folder):
                _add(archive, path, path.relative_to(folder).as_posix())
    with into.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(archive: Path, into: Path) -> None:
    """Make the folder `into` of an archive of ours whose digest was compared."""
    into.mkdir()
    into.chmod(_PROGRAM_MODE)
    with tarfile.open(archive, "r:gz") as packed:
        for member in packed:
            path = into / checked(member.name)
            if member.isdir():
                path.mkdir()
                path.chmod(_PROGRAM_MODE)
            elif content := packed.extractfile(member) if member.isreg() else None:
                with path.open("xb") as file:
                    os.fchmod(file.fileno(), member.mode & _PROGRAM_MODE)
                    shutil.copyfileobj(content, file, _BLOCK_BYTES)


def _below(folder: Path) -> Iterator[Path]:
    """Files and folders, each folder before what is in it, in a steady order."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_file():
            yield path
        elif path.is_dir():
            yield path
            yield from _below(path)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    member = tarfile.TarInfo(name)
    if path.is_dir():
        member.type, member.mode = tarfile.DIRTYPE, _PROGRAM_MODE
        archive.addfile(member)
        return
    found = path.stat()
    member.size = found.st_size
    member.mode = _PROGRAM_MODE if found.st_mode & 0o100 else _FILE_MODE
    with path.open("rb") as file:
        archive.addfile(member, file)
