"""What bubblewrap is told to build, word by word. Pure but for looking what this machine has.

/usr /bin /lib… python          read-only, from the machine
/etc                            passwd, group, hosts of ours; certificates; nothing else
/penstock                       read-only: the programs inside and `requests`
/job/code  /job/layer           read-only: the customer's
/job/work  /tmp  /dev/shm       written to, of a size; gone afterwards
/job/output                     the same; what is left there is kept
/proc  /dev                     of its own: its own processes, the harmless devices
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.proxying.inside.starting import environment as ways_out
from workers.sandbox.order import Order
from workers.sandbox.users import INSIDE, User

PYTHON = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]  # noqa: SLF001  # a venv's own
OUTPUT = "job/output"
WRITTEN_TO = (OUTPUT, "job/work", "tmp", "dev/shm")

_NAMESPACES = ("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")
_CERTIFICATES = ("/etc/ssl/certs", "/etc/pki", "/etc/ca-certificates", "/etc/ld.so.cache")
_PROGRAMS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Numbers that bubblewrap inherits and nothing inside keeps."""

    seccomp: int
    info: int
    block: int


def arguments(order: Order, equipment: Path, user: User, descriptors: Descriptors) -> list[str]:
    """The arguments before the program; they go through a descriptor, not the command line."""
    words = [*_NAMESPACES, "--unshare-cgroup-try", "--hostname", "sandbox"]
    words += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if user.uid is not None:
        # Just enough for confine.py to become the run's user, whom root writes into the maps.
        words += ["--uid", "0", "--gid", "0", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        words += ["--userns-block-fd", str(descriptors.block)]
    else:
        words += ["--uid", str(INSIDE), "--gid", str(INSIDE)]
    words += ["--info-fd", str(descriptors.info), "--seccomp", str(descriptors.seccomp)]
    words += [*_system(), *_ours(order, equipment), *_written_to(order)]
    # What bubblewrap itself made is memory without a size: nobody writes there any more.
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/job/work"]
    for name, value in _environment(order).items():
        words += ["--setenv", name, value]
    return words


def _system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _PROGRAMS:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    prefix = Path(sys.base_prefix).resolve()
    if not prefix.is_relative_to("/usr"):
        yield from _bound(prefix, prefix)
    yield from ("--perms", "0755", "--dir", "/etc")
    for certificates in _CERTIFICATES:
        yield from ("--ro-bind-try", certificates, certificates)
    yield from ("--proc", "/proc", "--dev", "/dev")


def _ours(order: Order, equipment: Path) -> Iterator[str]:
    yield from _bound(equipment, Path("/penstock"))
    for name in ("passwd", "group", "hosts"):
        yield from ("--ro-bind", str(equipment / "etc" / name), f"/etc/{name}")
    yield from _bound(order.code, Path("/job/code"))
    if order.layer is not None:
        yield from _bound(order.layer, Path("/job/layer"))
    if order.proxy_socket is not None:
        yield from _bound(order.proxy_socket, Path("/run/penstock/proxy.sock"))


def _written_to(order: Order) -> Iterator[str]:
    for place in WRITTEN_TO:
        size = order.limits.output_bytes if place == OUTPUT else order.limits.tmp_bytes
        yield from ("--size", str(size), "--perms", "1777", "--tmpfs", f"/{place}")


def _bound(source: Path, target: Path) -> Iterator[str]:
    """A read-only view, in directories that may be passed through: left to itself, bubblewrap
    makes those above it as closed as they are on the machine, and /root is."""
    for parent in reversed(target.parents[:-1]):
        yield from ("--perms", "0755", "--dir", str(parent))
    yield from ("--ro-bind", str(source), str(target))


def _environment(order: Order) -> dict[str, str]:
    environment = {
        "PATH": f"{PYTHON.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/job/work",
        "TMPDIR": "/tmp",  # noqa: S108  # its own
        "OUTPUT_DIR": f"/{OUTPUT}",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "USER": "job",
        # For programs that the code starts; our own interpreter looks at none of these.
        "PYTHONPATH": "/job/code:/job/layer:/penstock/site",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if order.proxy_socket is not None:
        environment |= ways_out()
    if order.api_url is not None:
        environment["PENSTOCK_API_URL"] = order.api_url
    return environment
