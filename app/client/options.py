"""What every command that asks the API may be told, and how its errors end it."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from app.client.access import access
from app.client.api import Api
from app.client.display import Display, display
from app.client.errors import ClientError
from app.client.ledger import INTERRUPTED
from app.client.patience import Patience
from app.core.auth import Scope
from app.embedded.datadir import DEFAULT

_LENGTH: TypeAdapter[timedelta] = TypeAdapter(timedelta)
_SHORTEST = timedelta(seconds=1)


def _length(text: str | timedelta) -> timedelta:
    try:
        length = _LENGTH.validate_python(text)
    except ValidationError:
        raise typer.BadParameter("give a length such as PT5M") from None
    if length < _SHORTEST:
        raise typer.BadParameter("at least one second")
    return length


Url = Annotated[
    str | None,
    typer.Option("--url", envvar="PENSTOCK_URL", help="Of the API; else the local stack's."),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--key", envvar="PENSTOCK_KEY", help="Else one is made beside a running `penstock up`."
    ),
]
DataDir = Annotated[Path, typer.Option("--data-dir", help="Of the local stack.")]
Account = Annotated[
    str | None, typer.Option("--account", help="For which a key is made, if there are several.")
]
GiveUpAfter = Annotated[
    timedelta,
    typer.Option(
        "--give-up-after", parser=_length, metavar="DURATION", help="Longest silence of the API."
    ),
]

DEFAULT_DATA_DIR = DEFAULT
DEFAULT_PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Target:
    """Which API, asked how, with what patience."""

    url: str | None
    key: str | None
    data_dir: Path
    account: str | None
    give_up_after: timedelta

    @contextlib.contextmanager
    def connected(self, *scopes: Scope) -> Iterator[tuple[Api, Display]]:
        """The API and the display of one command; what goes wrong becomes its exit status."""
        shown = display()
        with told(), self._api(shown, scopes) as api:
            yield api, shown

    @contextlib.contextmanager
    def _api(self, shown: Display, scopes: Sequence[Scope]) -> Iterator[Api]:
        patience = Patience(self.give_up_after, shown.tell)
        with (
            access(
                url=self.url,
                key=self.key,
                data_dir=self.data_dir,
                account=self.account,
                scopes=scopes,
            ) as found,
            Api(found, patience) as api,
        ):
            yield api


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Say what went wrong, without a traceback, and exit accordingly."""
    try:
        yield
    except ClientError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_status) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
