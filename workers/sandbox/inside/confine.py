"""The first program in the sandbox: gives up what it may, sets the limits, becomes the next one.

    confine.py  [root's: uid 0 of the sandbox ─▶ the customer's]  limits ─▶ exec ─▶ run.py

Executing anew is what makes the process a plain one of its user: after a change of user alone it
could not read its own /proc. Nothing of the customer is loaded here.
"""

import json
import os
import resource
import sys


def main() -> None:
    """Confine this process as told by the first argument, then become the program after it."""
    told = json.loads(sys.argv[1])
    os.umask(0o022)
    # Should memory run short all the same, the kernel ends customers' code before ours.
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    _close_all_but(told["keep"])
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(told["gid"], told["gid"], told["gid"])
        os.setresuid(told["uid"], told["uid"], told["uid"])
    for name, wanted in told["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        above = resource.getrlimit(kind)[1]
        is_free = above == resource.RLIM_INFINITY
        soft, hard = wanted if is_free else (min(most, above) for most in wanted)
        resource.setrlimit(kind, (soft, hard))
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])  # noqa: S606  # the same interpreter


def _close_all_but(keep: list[int]) -> None:
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor not in keep:
            try:
                os.close(descriptor)
            except OSError:
                continue  # the one that listed them
    for descriptor in keep:
        os.set_inheritable(descriptor, True)


if __name__ == "__main__":
    main()
