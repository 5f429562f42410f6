"""The files that code has left, from this host's disk into the store."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

from app.core.errors import AppError
from app.core.files.local import in_thread
from app.core.files.store import BLOCK_BYTES, FileStore
from app.exports.queries import KeptFile
from workers.sandbox.masking import Masker
from workers.sandbox.outcome import LeftFile

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".txt": "text/plain",
    ".log": "text/plain",
}
ANY_MEDIA_TYPE = "application/octet-stream"


def folder_of(account_id: UUID, run_id: UUID, attempt: int) -> str:
    """Where in the store an attempt's files lie."""
    return f"runs/{account_id}/{run_id}/{attempt}"


async def keep_files(
    store: FileStore, folder: str, output: Path, left: Sequence[LeftFile], masker: Masker
) -> list[KeptFile]:
    """Keep these files; in the store they have numbers, for names are the customer's.

    Raises:
        StorageFull, FilesUnavailable: one could not be kept; some may lie in the folder.
    """
    kept: dict[str, KeptFile] = {}
    for number, file in enumerate(left):
        stored_as = f"{folder}/{number:04}"
        size = await store.write(stored_as, _blocks(output / file.name))
        media_type = _MEDIA_TYPES.get(Path(file.name).suffix.lower(), ANY_MEDIA_TYPE)
        name = masker.masked(file.name)
        while name in kept:
            name += "_"
        kept[name] = KeptFile(name, media_type, size, stored_as)
    return list(kept.values())


async def drop_files(store: FileStore, folder: str) -> None:
    """Delete the files of an attempt that no run will list; those that cannot be stay."""
    with contextlib.suppress(AppError):
        await store.delete_folder(folder)


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    file = await in_thread(path.open, "rb")
    try:
        while block := await in_thread(file.read, BLOCK_BYTES):
            yield block
    finally:
        await in_thread(file.close)
