"""What an end was, from what was told, how the process ended, and what we did to it. Pure."""

import signal
from dataclasses import dataclass

from workers.sandbox.channel import Channel
from workers.sandbox.outcome import Ended, Limit

_MOST_LINES = 20
# How Python ends when what it had still to print could not be printed.
NOT_PRINTED = 120


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word, and what explains it."""

    ended: Ended
    error: str = ""
    limit: Limit | None = None
    exit_code: int | None = None
    signal: int | None = None


def judge(told: Channel, code: int, *, cause: Ended | None, limit: Limit | None) -> Verdict:
    """Put a word to the end.

    Args:
        told: what the program inside said, which is believed of itself only.
        code: bubblewrap's exit code: that of the code, or 128 and the number of a signal.
        cause: what we ended it for, if we did.
        limit: with `killed`, the limit that we saw exceeded.
    """
    number = signal_of(code)
    if cause is not None:
        return Verdict(cause, _OURS[cause].format(limit=limit), limit, signal=number)
    if not told.has_begun:
        return Verdict(Ended.LOST, "The sandbox ended before the code began.", signal=number)
    if told.has_returned and code in (0, NOT_PRINTED):
        return Verdict(Ended.RETURNED, exit_code=code)
    if told.error is not None:
        lines = told.error.strip().splitlines()[-_MOST_LINES:]
        return Verdict(Ended.RAISED, "\n".join(lines), _limit(told.limit), code)
    if number is not None:
        name = signal.Signals(number).name
        limit = Limit.CPU_SECONDS if number == signal.SIGXCPU else None
        return Verdict(Ended.KILLED, f"The process was ended by {name}.", limit, signal=number)
    when = "after" if told.has_returned else "before"
    error = f"The process ended itself with exit code {code} {when} main had returned."
    if code == 0:
        # Programs that close whatever is open, as daemons do, close the way to say it, too.
        error = f"{error[:-1]}, or it closed a descriptor that is not its own."
    return Verdict(Ended.RAISED, error, exit_code=code)


_OURS = {
    Ended.TIMEOUT: "It was not done within its timeout.",
    Ended.CANCELLED: "It was cancelled.",
    Ended.FORSAKEN: "The worker that ran it could not keep hold of the run.",
    Ended.KILLED: "It used more than it may: {limit}.",
}


def signal_of(code: int) -> int | None:
    """The signal in an exit code; a code of the program's own above 128 cannot be told apart."""
    number = -code if code < 0 else code - 128
    return number if number in set(signal.Signals) else None


def _limit(word: str | None) -> Limit | None:
    try:
        return Limit(word) if word else None
    except ValueError:
        return None
