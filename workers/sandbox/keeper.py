"""Ends a sandbox whose worker has been silent for too long: a program that outlives its silence.

    python keeper.py SANDBOX WORDS UNTIL

SANDBOX is a descriptor of the first process in it, WORDS the end of a pipe on which its worker says
until when it may go on, UNTIL what it has said so far. Imports nothing but the standard library.
"""

import os
import select
import signal
import struct
import sys
import time

# A moment of the clock that goes on while the machine sleeps, in seconds.
WORD = struct.Struct("=d")
# That clock may run ahead of what a wait is counted by; so none is long.
_LOOK_SECONDS = 1.0


def main(sandbox: int, words: int, until: float) -> int:
    """Wait for the sandbox's end, or bring it about; 0 if it came by itself."""
    poll = select.poll()
    poll.register(sandbox, select.POLLIN)
    poll.register(words, select.POLLIN)
    while True:
        # First of all what has been said: this process may have stood still, too.
        left = until - time.clock_gettime(time.CLOCK_BOOTTIME)
        wait = max(0.0, min(left, _LOOK_SECONDS))
        ready = {descriptor for descriptor, _ in poll.poll(wait * 1_000)}
        if sandbox in ready:
            return 0
        if words in ready:
            said = os.read(words, 512 * WORD.size)
            if not said:
                break  # its worker is gone
            until = WORD.unpack(said[-WORD.size :])[0]
        elif left <= 0:
            break
    signal.pidfd_send_signal(sandbox, signal.SIGKILL)
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
