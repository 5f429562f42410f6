"""What every sandbox sees of ours: the programs inside, `requests`, and a few files of /etc.

    <scratch>/equipment-<digest>/
        inside/    confine.py, run.py, ls.py, and the forwarder where there is one
        probe/     the code of the self-test
        site/      requests and what it needs, as installed beside us: RECORD's hashes are compared
        etc/       passwd, group, hosts

A copy, readable by everybody, so that nothing else of an installation has to be: it may lie below
/root, and the rest of its packages is nobody's business inside. It is made once per content, under
another name first, so that two processes may make it at once.
"""

import base64
import compileall
import hashlib
import os
import re
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from workers.sandbox.errors import SandboxBroken
from workers.sandbox.users import INSIDE

_HERE = Path(__file__).parent
_ALWAYS_THERE = "requests"
_ETC = {
    "passwd": f"job:x:{INSIDE}:{INSIDE}:job:/job/work:/bin/sh\n",
    "group": f"job:x:{INSIDE}:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
}


def equipment(scratch: Path, forwarder: Path | None = None) -> Path:
    """The directory of the equipment, made if it is not there yet.

    Raises:
        SandboxBroken: it cannot be written, or `requests` is not installed, or not as it was.
    """
    files = _files(forwarder)
    digest = hashlib.sha256(sys.version.encode())
    for name, source in sorted(files.items()):
        digest.update(name.encode() + b"\0" + source)
    digest.update(repr([(p, distribution(p).version) for p in _packages()]).encode())
    place = scratch / f"equipment-{digest.hexdigest()[:16]}"
    if not place.is_dir():
        try:
            _make(place, files)
        except OSError as error:
            raise SandboxBroken(reason=f"its equipment cannot be written ({error})") from None
    return place


def _files(forwarder: Path | None) -> dict[str, bytes]:
    inside = {f"inside/{path.name}": path for path in (_HERE / "inside").glob("*.py")}
    probe = {f"probe/{path.name}": path for path in (_HERE / "probe").glob("*.py")}
    files = {name: path.read_bytes() for name, path in (inside | probe).items()}
    if forwarder is not None:
        files["inside/forwarder.py"] = forwarder.read_bytes()
    return files | {f"etc/{name}": text.encode() for name, text in _ETC.items()}


def _make(place: Path, files: dict[str, bytes]) -> None:
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".equipment-", dir=place.parent))
    try:
        for name, content in files.items():
            target = draft / name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        for package in _packages():
            copy_package(package, draft / "site")
        compileall.compile_dir(draft / "inside", quiet=2)
        compileall.compile_dir(draft / "site", quiet=2)
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        try:
            draft.rename(place)
        except OSError:
            if not place.is_dir():  # else another process was faster, and its copy is as good
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def copy_package(name: str, site: Path) -> None:
    """Copy the modules and data of an installed package; no scripts, and nothing compiled here.

    Raises:
        SandboxBroken: a file is missing, or is not what was installed.
    """
    for file in distribution(name).files or ():
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        try:
            content = Path(os.fspath(file.locate())).read_bytes()
        except FileNotFoundError:
            raise SandboxBroken(reason=f"{file} of {name} is missing") from None
        if file.hash is not None and _digest(content, file.hash.mode) != file.hash.value:
            raise SandboxBroken(reason=f"{file} of {name} is not what was installed")
        target = site / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _digest(content: bytes, algorithm: str) -> str:
    """As RECORD writes it."""
    digest = hashlib.new(algorithm, content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _packages() -> list[str]:
    """`requests`, and what it asks for unless only for an extra."""
    found: list[str] = []
    wanted = [_ALWAYS_THERE]
    while wanted:
        name = wanted.pop()
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            raise SandboxBroken(reason=f"the package {name} is not installed") from None
        found.append(name)
        plain = (need for need in needs if "extra ==" not in need)
        names = (re.match(r"[A-Za-z0-9._-]+", need) for need in plain)
        wanted += [n[0] for n in names if n and n[0] not in (*found, *wanted)]
    return sorted(found)
