"""What can go wrong with the sandbox itself; customers' code going wrong is an `Outcome`.

Unavailable ── SandboxBroken     it cannot be built here: code runs are refused until it can
Invalid ────── CodeUnreadable    there is no `main.py` where an order says
"""

from app.core.errors import Invalid, Unavailable


class SandboxBroken(Unavailable):
    """No sandbox can be built on this machine: {reason}."""


class CodeUnreadable(Invalid):
    """The code has no main.py, neither at its root nor under src/."""
