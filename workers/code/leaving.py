"""The files that code has left, from this host's disk into the store."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

from app.core.files.local import in_thread
from app.core.files.store import BLOCK_BYTES, FileStore
from app.exports.queries import KeptFile
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
    store: FileStore, folder: str, output: Path, left: Sequence[LeftFile]
) -> list[KeptFile]:
    """Keep these files; in the store they have numbers, for names are the customer's."""
    kept = []
    for number, file in enumerate(left):
        stored_as = f"{folder}/{number:04}"
        size = await store.write(stored_as, _blocks(output / file.name))
        media_type = _MEDIA_TYPES.get(Path(file.name).suffix.lower(), ANY_MEDIA_TYPE)
        kept.append(KeptFile(file.name, media_type, size, stored_as))
    return kept


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    file = await in_thread(path.open, "rb")
    try:
        while block := await in_thread(file.read, BLOCK_BYTES):
            yield block
    finally:
        await in_thread(file.close)
