"""The data directory: what lies where, and the secrets made for it once.

.penstock/
├── postgres/      the cluster, or a link to where an unprivileged user can reach it
├── valkey/        its configuration; nothing else, it may lose everything
├── files/         uploads and run files
├── code/          what sandboxes share, unpacked code
├── logs/          one file a child
├── secrets.json   passwords and the secret key, made once
├── stack.json     pids, ports and addresses, while a stack is up
└── lock           held by the process that uses the directory
"""

import contextlib
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.embedded.errors import NotOurs

DEFAULT = Path(".penstock")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Random words that only this data directory knows."""

    postgres: str
    valkey: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class DataDir:
    """The paths of one data directory; `open_at` makes it."""

    root: Path

    @classmethod
    def open_at(cls, root: Path = DEFAULT) -> "DataDir":
        """The directory, made if missing.

        Raises:
            NotOurs: it belongs to another user.
        """
        data_dir = cls(root.expanduser().absolute())
        try:
            # Passable as root, because PostgreSQL then runs as another user; what is secret in
            # it has modes of its own. A directory that is already there keeps its mode.
            if not data_dir.root.exists():
                data_dir.root.mkdir(parents=True)
                data_dir.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for inner in (data_dir.logs, data_dir.valkey, data_dir.files):
                inner.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise NotOurs(path=data_dir.root, reason=error.strerror) from error
        return data_dir

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def files(self) -> Path:
        return self.root / "files"

    @property
    def code(self) -> Path:
        return self.root / "code"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def state(self) -> Path:
        return self.root / "stack.json"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def secrets(self) -> Secrets:
        """The secrets of this directory, made on first use; of two makers one wins.

        Raises:
            NotOurs: they belong to another user.
        """
        path = self.root / "secrets.json"
        try:
            if not path.exists():
                made = Secrets(*(secrets.token_urlsafe(32) for _ in range(3)))
                write_private(path, asdict(made), replace=False)
            return Secrets(**json.loads(path.read_text()))
        except OSError as error:
            raise NotOurs(path=path, reason=error.strerror) from error


def write_private(path: Path, content: dict[str, Any], *, replace: bool = True) -> None:
    """Write JSON that only its owner may read; readers see the old file or the new, never half.

    Without `replace` a file that is already there stays as it is.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, indent=2)
            file.flush()
            os.fsync(descriptor)
        if replace:
            draft.replace(path)
        else:
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
