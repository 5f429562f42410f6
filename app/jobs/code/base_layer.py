"""What is always there: `requests` and what it needs, copied from this installation's own.

No index is asked, so it is made anywhere, and the versions are those of constraints/, whose hashes
were compared when this installation was made; RECORD compares them once more.
"""

import base64
import compileall
import hashlib
import py_compile
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackagePath, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.core.files.local import translated

ALWAYS_THERE = "requests"


class InstallationDamaged(Exception):
    """A file of this installation is not what was installed."""


def base_layer(folder: Path) -> Path:
    """A folder of packages that all customer code may import; made once in `folder`, then found.

    Read only for everybody once it is made. Another version of a package makes another folder; the
    earlier one stays, as running code may still use it. May be called by several processes at once.

    Raises:
        InstallationDamaged: a file is missing or altered.
        importlib.metadata.PackageNotFoundError: a package is missing.
        StorageFull, FilesUnavailable: the disk takes no more.
    """
    packages = sorted(_needed(ALWAYS_THERE).items())
    versions = [f"{name}=={found.version}" for name, found in packages]
    fits = "\n".join([str(sys.implementation.cache_tag), *versions])
    made = folder / f"base-{hashlib.sha256(fits.encode()).hexdigest()[:16]}"
    if made.is_dir():
        return made
    with translated():
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{made.name}-", dir=folder))
        try:
            _fill(draft, [found for _, found in packages])
            _give_name(draft, made)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return made


def _fill(draft: Path, packages: list[Distribution]) -> None:
    draft.chmod(0o755)
    for package in packages:
        for path in _files(package):
            _copy(package, path, draft)
    compileall.compile_dir(
        draft,
        quiet=2,
        stripdir=str(draft),
        prependdir="base",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def _give_name(draft: Path, made: Path) -> None:
    try:
        draft.rename(made)
    except OSError:
        if not made.is_dir():  # else another process was faster, and its folder is as good
            raise


def _needed(name: str) -> dict[str, Distribution]:
    """A package and, all the way down, what it needs here without any extra."""
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        wanted = canonicalize_name(waiting.pop())
        if wanted in found:
            continue
        found[wanted] = distribution(wanted)
        for line in found[wanted].requires or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    return found


def _files(package: Distribution) -> Iterator[PackagePath]:
    """Its modules and data; no scripts, which lie outside, and nothing compiled here."""
    for path in package.files or ():
        if ".." not in path.parts and "__pycache__" not in path.parts:
            yield path


def _copy(package: Distribution, path: PackagePath, draft: Path) -> None:
    source, target = Path(str(package.locate_file(path))), draft / path
    try:
        content = source.read_bytes()
    except FileNotFoundError:
        raise InstallationDamaged(f"{package.name}: {path} is missing") from None
    if path.hash is not None and _digest(content, path.hash.mode) != path.hash.value:
        raise InstallationDamaged(f"{package.name}: {path} is not what was installed")
    for around in reversed(target.relative_to(draft).parents[:-1]):
        folder = draft / around
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(0o755)
    target.write_bytes(content)
    target.chmod(0o644)


def _digest(content: bytes, algorithm: str) -> str:
    digest = hashlib.new(algorithm, content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
