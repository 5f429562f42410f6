"""A module of Python, run as a program that can start no other and cannot grow without end.

    python -I run_alone.py BYTES SECONDS MODULE ARGUMENT…

For pip: wheels run nothing when they are installed, but a wheel may ask for an address whose
content has to be built, and building runs what is in it. Building always starts a program, so it
ends here. All code in this process is pip's own; that is why a hook suffices.
"""

import resource
import runpy
import signal
import sys

_STARTING = ("subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "pty.")
_MEMORY_BYTES = 2 * 2**30
# Whoever started this ends it in time; if they are gone, it ends itself.
_GRACE_SECONDS = 10


def _refuse_programs(event: str, _: object) -> None:
    if event.startswith(_STARTING):
        raise PermissionError("nothing may be built or started here; only wheels are installed")


def main() -> None:
    most_bytes, seconds = int(sys.argv[1]), int(sys.argv[2])
    signal.alarm(seconds + _GRACE_SECONDS)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.argv = sys.argv[3:]
    sys.addaudithook(_refuse_programs)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
