"""Where one run's proxy listens: on a unix socket, for as long as the run takes."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.core.outbound.dialling import Resolver, resolving_in
from workers.proxying.connections import Proxy
from workers.proxying.policy import Policy

_WAITING = 1024
# Not those of the service: two runs that ask for names nobody answers for would hold them all, and
# no webhook would find its receiver.
_ASKING = ThreadPoolExecutor(8, thread_name_prefix="names-of-code")
_resolve = resolving_in(_ASKING)


@contextlib.asynccontextmanager
async def filtering(
    policy: Policy,
    socket_path: Path,
    *,
    mode: int = 0o600,
    uid: int | None = None,
    resolver: Resolver = _resolve,
) -> AsyncIterator[Proxy]:
    """A proxy on a unix socket while the block lasts; then every connection is cut.

    Args:
        socket_path: in a directory of the run's own; at most 107 bytes long.
        mode: who may connect, next to the directory's own mode.
        uid: whose the socket becomes, where the sandbox has a user of its own; only root can.
        resolver: how names become addresses.

    Raises:
        OSError: the socket cannot be made there.
    """
    proxy = Proxy(policy, resolver)
    listening = _bound(socket_path, mode, uid)
    serving = asyncio.create_task(proxy.listen(listening))
    try:
        yield proxy
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        _unbind(listening, socket_path)


def _bound(path: Path, mode: int, uid: int | None) -> socket.socket:
    """Bound with its mode from its first moment: Linux takes it from the unbound socket."""
    listening = socket.socket(socket.AF_UNIX)
    try:
        os.fchmod(listening.fileno(), mode)
        listening.bind(str(path))
        if uid is not None:
            os.chown(path, uid, -1)
        path.chmod(mode)
        listening.listen(_WAITING)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _unbind(listening: socket.socket, path: Path) -> None:
    listening.close()
    path.unlink(missing_ok=True)
