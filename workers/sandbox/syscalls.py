"""The calls to the kernel that nobody inside needs, refused by a seccomp filter. Pure.

    of another machine's kind ─▶ killed     clone3 ─▶ "not there", and the C library takes clone
    new namespaces, mounts, keys, tracing, modules, BPF, io_uring … ─▶ not permitted
    memory that no limit counts: System V segments, memfd, message queues ─▶ not permitted
    what the machine has one number of for everybody: contexts of its older AIO ─▶ not permitted
    sockets but of the families unix, inet and inet6 (vsock knows no network namespace) ─▶ refused
    everything else ─▶ allowed

A list of what is refused, not of what is allowed: customers bring wheels of their own, and what
they call is not ours to know. The other walls stand without it.
"""

import errno
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _END = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
# NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NEW_NAMESPACES = 0x7E020000
_FAMILIES = (1, 2, 10)

# Name: number on x86_64, on aarch64 (None: not there).
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "vmsplice": (278, 75),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}


@dataclass(frozen=True, slots=True)
class _Machine:
    kind: int
    column: int
    clone: int
    clone3: int
    socket: int


_MACHINES = {
    "x86_64": _Machine(0xC000003E, 0, clone=56, clone3=435, socket=41),
    "aarch64": _Machine(0xC00000B7, 1, clone=220, clone3=435, socket=198),
}


def filter_for(machine: str) -> bytes | None:
    """The filter as the kernel reads it, for `platform.machine()`; None if it is not known here."""
    known = _MACHINES.get(machine)
    return b"".join(_program(known)) if known else None


def _program(machine: _Machine) -> Iterator[bytes]:
    yield _step(_LOAD, _MACHINE)
    yield from _if(_EQUAL, machine.kind, otherwise=_KILL)
    yield _step(_LOAD, _NUMBER)
    if machine.column == 0:
        # The same calls under other numbers (x32).
        yield from _if(_AT_LEAST, 0x40000000, then=_KILL)
    for numbers in _REFUSED.values():
        number = numbers[machine.column]
        if number is not None:
            yield from _if(_EQUAL, number, then=_FAIL | errno.EPERM)
    yield from _if(_EQUAL, machine.clone3, then=_FAIL | errno.ENOSYS)
    yield _step(_EQUAL, machine.clone, 0, 4)
    yield _step(_LOAD, _FIRST_ARGUMENT)
    yield from _if(_ANY_BIT, _NEW_NAMESPACES, then=_FAIL | errno.EPERM)
    yield _step(_END, _ALLOW)
    yield _step(_EQUAL, machine.socket, 0, 2 + 2 * len(_FAMILIES))
    yield _step(_LOAD, _FIRST_ARGUMENT)
    for family in _FAMILIES:
        yield from _if(_EQUAL, family, then=_ALLOW)
    yield _step(_END, _FAIL | errno.EAFNOSUPPORT)
    yield _step(_END, _ALLOW)


def _if(
    test: int, value: int, *, then: int | None = None, otherwise: int | None = None
) -> Iterator[bytes]:
    """End with `then` if the test holds (or with `otherwise` if it does not), else go on."""
    if then is not None:
        yield _step(test, value, 0, 1)
        yield _step(_END, then)
    elif otherwise is not None:
        yield _step(test, value, 1, 0)
        yield _step(_END, otherwise)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
