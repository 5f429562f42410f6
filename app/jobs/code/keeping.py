"""Code in the store of files, and from there to a folder on a worker's disk."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from app.core.files.errors import FileGone
from app.core.files.local import in_thread
from app.core.files.store import BLOCK_BYTES, FileStore
from app.jobs.code.errors import CodeRefused, KeptContentDamaged
from app.jobs.code.extracting import extract
from app.jobs.code.inspecting import Inspected, inspect_zip
from app.jobs.code.shelf import Shelf


async def keep_code(store: FileStore, folder: str, content: bytes, inspected: Inspected) -> str:
    """Keep a zip that was inspected, and return its name in the store; may be repeated.

    Args:
        folder: of the job or version, as `code/<account>/<job>`; it goes with `delete_folder`.
    """
    name = f"{folder}/{inspected.sha256}.zip"
    await store.write(name, _blocks(content))
    return name


def materialise_code(
    store: FileStore, name: str, sha256: str, shelf: Shelf
) -> AbstractAsyncContextManager[Path]:
    """The code as a folder on this machine, for as long as the context lasts; read only, please.

    Raises:
        KeptContentDamaged: what is kept is not what was uploaded, or is gone.
        StorageFull, FilesUnavailable: later, perhaps.
    """

    async def fill(tree: Path) -> None:
        packed = tree.with_name("code.zip")
        await fetch(store, name, sha256, into=packed)
        try:
            await in_thread(_extract, packed, tree)
        except CodeRefused:
            # What passed once passes again, unless another release is stricter.
            raise KeptContentDamaged from None
        await in_thread(packed.unlink)

    return shelf.tree(sha256, fill)


async def fetch(store: FileStore, name: str, sha256: str, *, into: Path) -> None:
    """Copy a kept file onto the disk and compare its digest.

    Raises:
        KeptContentDamaged: it is another, or gone.
        StorageFull, FilesUnavailable: later, perhaps.
    """
    digest = hashlib.sha256()
    file = await in_thread(into.open, "wb")
    try:
        async for block in store.read(name):
            digest.update(block)
            await in_thread(file.write, block)
    except FileGone:
        raise KeptContentDamaged from None
    finally:
        await in_thread(file.close)
    if digest.hexdigest() != sha256:
        raise KeptContentDamaged


def _extract(packed: Path, tree: Path) -> None:
    extract(packed, tree, inspect_zip(packed, most_bytes=packed.stat().st_size))


async def _blocks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), BLOCK_BYTES):
        yield content[start : start + BLOCK_BYTES]
