"""As whom customers' code runs.

An ordinary user's sandbox runs it as themselves, as the kernel sees it, in a user namespace with
nothing else in it. Root's runs it as a user that exists nowhere else, another one for each run at
the same time: limits on processes bind nobody who is root, and count each user apart.

                     inside        on the machine
    ordinary user    1000     =    themselves
    root             1000     =    one of `first_user` …, locked while the run lasts
                     0        =    root, until confine.py has stepped down
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.sandbox.errors import SandboxBroken

INSIDE = 1000


@dataclass(frozen=True, slots=True)
class User:
    """Who the code is to the kernel; None: whoever runs us."""

    uid: int | None

    def let_into(self, pid: int) -> None:
        """Write both maps of a process's new user namespace, where we are root; it waits for that.

        Raises:
            OSError: the process is gone, or this root may not.
        """
        if self.uid is not None:
            for name in ("uid_map", "gid_map"):
                maps = b"0 0 1\n%d %d 1\n" % (INSIDE, self.uid)
                Path(f"/proc/{pid}/{name}").write_bytes(maps)

    def admit(self, code: Path, socket: Path | None) -> None:
        """Let this user read the code and write to the socket, where we are root and it is not."""
        if self.uid is None:
            return
        for path in (code, *code.rglob("*")):
            if not path.is_symlink():
                mode = stat.S_IMODE(path.stat().st_mode)
                path.chmod(mode | (0o555 if path.is_dir() else 0o444))
        if socket is not None:
            os.chown(socket, self.uid, self.uid)


@contextlib.contextmanager
def lent(scratch: Path, *, first_user: int, most: int) -> Iterator[User]:
    """A user for one run, while the block lasts; none that another run of this machine has.

    Raises:
        SandboxBroken: all are taken.
    """
    if os.geteuid() != 0:
        yield User(None)
        return
    folder = scratch / "users"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for uid in range(first_user, first_user + most):
        lock = os.open(folder / str(uid), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        try:
            yield User(uid)
        finally:
            os.close(lock)
        return
    raise SandboxBroken(reason=f"all {most} users for runs are taken")
