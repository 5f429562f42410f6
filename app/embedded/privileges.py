"""As whom and where PostgreSQL runs.

An ordinary user runs it as themselves, in the data directory. It refuses to run as root, so root
gives it to an unprivileged user; and what that user cannot reach (a clone below /root or in a
directory made by `mktemp -d`) is put below /var/lib/penstock, with a link in the data directory.
No directory that is not ours is ever made more open.
"""

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import DatabaseLost
from app.embedded.processes import Identity
from app.embedded.wheels import Installation

SHARED = Path("/var/lib/penstock")
USER = "penstock"
_NOBODY = "nobody"
_MADE_FOR = "made-for"


@dataclass(frozen=True, slots=True)
class Quarters:
    """Where PostgreSQL lives: the cluster's real path, its programs, and the user to run them."""

    cluster: Path
    programs: Path
    identity: Identity | None


def quarters(cluster: Path, installation: Installation) -> Quarters:
    """Find or make quarters for the cluster of a data directory; repeatable.

    Raises:
        DatabaseLost: the cluster lay below /var/lib/penstock and is gone.
    """
    if cluster.is_symlink() and not cluster.exists():
        raise DatabaseLost(link=cluster, target=cluster.readlink())
    if os.geteuid() != 0:
        return Quarters(cluster.resolve(), installation.programs, None)
    identity = _owner(cluster) or _unprivileged_user()
    if not _may(identity, "-x", cluster.parent) and not cluster.exists():
        cluster.symlink_to(_shared_place(cluster))
    programs = installation.programs
    if not _runs(identity, programs):
        programs = _shared_copy(installation).programs
    return Quarters(cluster.resolve(), programs, identity)


def hand_over(path: Path, identity: Identity | None) -> None:
    """Give a file or directory of ours to the user PostgreSQL runs as."""
    if identity is not None:
        os.chown(path, identity.uid, identity.gid)


def remove(cluster: Path) -> None:
    """Remove the files of a stopped cluster, and the place made for it elsewhere."""
    real = cluster.resolve()
    if cluster.is_symlink():
        cluster.unlink()
        note = real.parent / _MADE_FOR
        if note.is_file() and note.read_text().strip() == str(cluster):
            shutil.rmtree(real.parent)
            return
    shutil.rmtree(real, ignore_errors=True)


def _owner(cluster: Path) -> Identity | None:
    """The user of an existing cluster, who stays its user: PostgreSQL insists on that."""
    if not cluster.exists():
        return None
    found = cluster.stat()
    return Identity(found.st_uid, found.st_gid) if found.st_uid else None


def _unprivileged_user() -> Identity:
    with contextlib.suppress(KeyError):
        return _identity(USER)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        # Of two stacks that make the user at once one fails; the look-up below decides.
        subprocess.run(  # noqa: S603  # a command of ours
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER],
            check=False,
            capture_output=True,
        )
    with contextlib.suppress(KeyError):
        return _identity(USER)
    return _identity(_NOBODY)


def _identity(name: str) -> Identity:
    entry = pwd.getpwnam(name)
    return Identity(entry.pw_uid, entry.pw_gid)


def _may(identity: Identity, right: str, path: Path) -> bool:
    """Ask the kernel, as that user: it alone knows of access lists and odd mounts."""
    return _succeeds(identity, "/bin/sh", "-c", 'test "$1" "$2"', "sh", right, str(path))


def _runs(identity: Identity, programs: Path) -> bool:
    sample = programs.parent / "share" / "postgresql.conf.sample"
    nested = programs.parent / "share" / "postgresql" / "postgresql.conf.sample"
    return (
        _succeeds(identity, str(programs / "initdb"), "--version")
        and _succeeds(identity, str(programs / "postgres"), "--version")
        and any(_may(identity, "-r", path) for path in (sample, nested))
    )


def _succeeds(identity: Identity, *command: str) -> bool:
    try:
        done = subprocess.run(  # noqa: S603  # a command of ours
            command,
            user=identity.uid,
            group=identity.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def _shared_place(cluster: Path) -> Path:
    """A directory below /var/lib/penstock for this cluster and no other.

    Never one that is already there: the data directory it was made for may have been moved, and
    its link with it.
    """
    name = hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]
    _make_shared()
    for number in range(1, 1_000):
        home = SHARED / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            home.mkdir()
            home.chmod(0o711)
            (home / _MADE_FOR).write_text(f"{cluster}\n")
            (home / "postgres").mkdir(mode=0o700)
            return home / "postgres"
    raise FileExistsError(SHARED / name)


def _shared_copy(installation: Installation) -> Installation:
    """The wheel's programs where every user may run them; copied once a version."""
    copy = Installation(SHARED / f"pginstall-{installation.version}", installation.version)
    if copy.root.exists():
        return copy
    _make_shared()
    draft = Path(tempfile.mkdtemp(prefix=".pginstall-", dir=SHARED))
    try:
        for part in installation.parts:
            target = draft / part.relative_to(installation.root)
            shutil.copytree(part, target, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            _open_to_all(path)
        with contextlib.suppress(OSError):  # another stack was faster, its copy is as good
            draft.rename(copy.root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return copy


def _make_shared() -> None:
    if not SHARED.exists():
        SHARED.mkdir(parents=True, exist_ok=True)
        SHARED.chmod(0o755)


def _open_to_all(path: Path) -> None:
    if path.is_symlink():
        return
    mode = path.stat().st_mode
    executable = path.is_dir() or mode & stat.S_IXUSR
    path.chmod(mode | 0o444 | (0o111 if executable else 0))
