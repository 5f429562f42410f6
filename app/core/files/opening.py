"""From the settings to a store of files."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from app.core import log
from app.core.errors import AppError
from app.core.files.local import LocalFiles
from app.core.files.s3 import S3Files
from app.core.files.store import FileStore
from app.core.settings import Files

_log = log.get(__name__)

MARKER = "marker"
_LOOK_SECONDS = 2
_MARK = b"penstock\n"


def store_of(files: Files) -> FileStore:
    """The store that `PENSTOCK_FILES__URL` names; nothing is opened or made yet."""
    kind, _, place = files.url.partition(":")
    if kind == "file":
        return LocalFiles(Path(place))
    bucket, _, prefix = place.removeprefix("//").partition("/")
    given = {
        "endpoint": files.endpoint,
        "access_key_id": files.access_key.get_secret_value(),
        "secret_access_key": files.secret_key.get_secret_value(),
    }
    return S3Files(
        bucket,
        prefix.strip("/"),
        region=files.region,
        # A body waits meanwhile: better a 503 soon, and its sender comes again.
        retry_config={"max_retries": 2, "retry_timeout": files.timeout},
        client_options={"allow_http": files.allow_http, "timeout": files.timeout},
        **{name: value for name, value in given.items() if value},
    )


async def mark(store: FileStore) -> None:
    """Write what every process of the installation must be able to read; never fails."""

    async def content() -> AsyncIterator[bytes]:
        yield _MARK

    try:
        await store.write(MARKER, content())
    except AppError as error:
        _log.warning("marker_not_written", error=error.code)


async def is_readable(store: FileStore) -> bool:
    """Whether this process reads what the API has written: it is the same store."""
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            return b"".join([block async for block in store.read(MARKER)]) == _MARK
    except (AppError, TimeoutError):
        return False
