"""What `from helper import LS` finds in the sandbox: the same names as in the public template.

Whatever `helper.py` the upload brings is for its author's own machine; this one is loaded first.
"""

import base64
import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

MOST_EMAILS = 3
MOST_SUBJECT = 255
MOST_ATTACHED = 5 * 2**20
_MOST_TEXT = 64_000


class MXException(Exception):  # the template's name
    """Something that this job may not do."""


class MXTooManyRequestsError(MXException):
    """A fourth e-mail."""


class MXUnauthorizedDBAccess(MXException):
    """The account's plan has no access to the database."""


class Log:
    """`LS.log`: lines with a level, and with JSON beside the message."""

    def __init__(self, output: int) -> None:
        self._output = output
        self._lock = threading.Lock()

    def debug(self, message: Any, fields: Any = None) -> None:
        """For whoever looks for a fault."""
        self._write("debug", message, fields)

    def info(self, message: Any, fields: Any = None) -> None:
        """What goes on."""
        self._write("info", message, fields)

    def warn(self, message: Any, fields: Any = None) -> None:
        """What should be looked at."""
        self._write("warn", message, fields)

    def error(self, message: Any, fields: Any = None) -> None:
        """What went wrong."""
        self._write("error", message, fields)

    def fatal(self, message: Any, fields: Any = None) -> None:
        """What nothing could go on after."""
        self._write("fatal", message, fields)

    def _write(self, level: str, message: Any, fields: Any) -> None:
        """Never raises: a line that cannot be written must not end a job."""
        text = message if isinstance(message, str) else _as_json(message)
        record = {"level": level, "message": text[:_MOST_TEXT]}
        if fields is not None and fields != {}:
            written = _as_json(fields)
            is_small = len(written) <= _MOST_TEXT
            record["fields"] = json.loads(written) if is_small else written[:_MOST_TEXT]
        line = f"\x1e{json.dumps(record)}\n".encode()
        with self._lock:
            # The job may have closed or replaced its standard output, or even ours; so be it.
            with contextlib.suppress(Exception):
                sys.stdout.flush()
            with contextlib.suppress(OSError):
                while line:
                    line = line[os.write(self._output, line) :]


class Settings(SimpleNamespace):
    """`LS.settings`: variables and secrets, by attribute or by `[name]`."""

    def __getattr__(self, name: str) -> Any:
        known = ", ".join(sorted(vars(self))) or "none"
        raise AttributeError(f"LS.settings has no {name!r}; this job's variables: {known}")

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __repr__(self) -> str:
        return f"Settings({', '.join(sorted(vars(self)))})"


class Email:
    """`LS.email`: at most three messages a run, to whom the job names for its alerts."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._sent = 0

    def send_email_notification(  # the template's
        self,
        type: str,  # noqa: A002  # the template's
        subject: str,
        body: str = "",
        isHTML: bool = True,  # noqa: N803  # the template's
        attachments: Iterable[str] = (),
        *,
        message: str = "",
        isHtml: bool | None = None,  # noqa: N803  # another spelling of the template's
    ) -> None:
        """Ask for a message; attachments are paths of files, 5 MiB together at most.

        Raises:
            MXTooManyRequestsError: it is the fourth.
            ValueError: the type is neither Success nor Failure, or too much is attached.
        """
        if self._sent >= MOST_EMAILS:
            raise MXTooManyRequestsError(f"Only {MOST_EMAILS} e-mails are allowed in a run")
        kind = str(type).capitalize()
        if kind not in ("Success", "Failure"):
            raise ValueError("The type of an e-mail is Success or Failure")
        files = [_read(path) for path in attachments]
        if sum(len(file["content"]) for file in files) > MOST_ATTACHED * 4 // 3:
            raise ValueError("The attachments of an e-mail have more than 5 MiB")
        self._sent += 1
        self._tell(
            email={
                "type": kind,
                "subject": str(subject)[:MOST_SUBJECT],
                "body": str(body or message),
                "is_html": bool(isHTML if isHtml is None else isHtml),
                "attachments": files,
            }
        )


class Database:
    """`LS.db`: the template's queries, which the plan does not include."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_: Any, **__: Any) -> None:
            raise MXUnauthorizedDBAccess("database_access_disabled")

        return refuse


class LS:
    """The one name that jobs import."""

    log: Log
    settings: Settings
    email: Email
    db = Database()


def open_for(settings: dict[str, Any], output: int, tell: Callable[..., None]) -> None:
    """Make `LS` this run's; called once, before the customer's code is loaded."""
    LS.log = Log(output)
    LS.settings = _with_attributes(settings)
    LS.email = Email(tell)


def _with_attributes(value: Any) -> Any:
    if isinstance(value, dict):
        return Settings(**{name: _with_attributes(item) for name, item in value.items()})
    if isinstance(value, list):
        return [_with_attributes(item) for item in value]
    return value


def _as_json(value: Any) -> str:
    def told(thing: Any) -> Any:
        return getattr(thing, "__dict__", None) or str(thing)

    try:
        return json.dumps(value, default=told)
    except Exception:
        return json.dumps(repr(type(value)))


def _read(path: str) -> dict[str, str]:
    with open(path, "rb") as file:
        content = file.read(MOST_ATTACHED + 1)
    return {"name": os.path.basename(path), "content": base64.b64encode(content).decode()}
