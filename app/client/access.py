"""Where the API is, and with which key it is asked.

address   --url, PENSTOCK_URL ─▶ the stack of the data directory ─▶ this machine, port 8080
key       --key, PENSTOCK_KEY ─▶ one made for this command, beside a running stack only
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.client.errors import BadUsage, NoKey
from app.core.auth import Scope
from app.embedded import proc
from app.embedded.datadir import DataDir
from app.embedded.state import StackState, find_state

_HERE = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Access:
    """An address and the key that is shown there."""

    url: str
    key: str = field(repr=False)


@contextlib.contextmanager
def access(
    *,
    url: str | None,
    key: str | None,
    data_dir: Path,
    account: str | None,
    scopes: Sequence[Scope],
) -> Iterator[Access]:
    """Access as told, or to the stack that runs on the data directory.

    A key made here is shown only to the stack in whose database it was made.

    Raises:
        NoKey: none was given and none can be made.
        BadUsage: the address is none.
    """
    stack = _running(data_dir)
    address = _address(url or (stack.url if stack else _HERE))
    if key:
        yield Access(address, key)
        return
    if stack is None:
        raise NoKey(why=f"Without one, a stack has to be running on {data_dir} (`penstock up`).")
    if address != _address(stack.url):
        raise NoKey(why=f"The stack on {data_dir} can make one for {stack.url} only.")
    # Only whoever has no key loads what makes one.
    from app.client.local_key import borrowed_key

    with borrowed_key(data_dir, account, scopes) as made:
        yield Access(address, made)


def _running(data_dir: Path) -> StackState | None:
    """The stack that runs there; what a killed one has left behind is not one."""
    state = find_state(DataDir(data_dir.expanduser().absolute()).state)
    if state is None or (proc.is_there() and proc.started_at(state.pid) is None):
        return None
    return state


def _address(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise BadUsage(what=f"--url {text}: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise BadUsage(what=f"--url {text}: give it as http://host:port or https://host")
    return text.rstrip("/")
