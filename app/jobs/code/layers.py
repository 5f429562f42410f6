"""Layers: what a requirements.txt comes to, made once and kept as one archive.

requirements, Python, system ──▶ key ──▶ note in the store: which archive
                                  └ none ──▶ installed ──▶ packed ──▶ archive, named by its SHA-256

The same requirements make one layer for the whole installation, and it stays as it was made:
running code gets no other packages because somebody uploads it again. Whoever wants newer ones
writes newer versions down.
"""

import hashlib
import json
import sys
import sysconfig
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.metadata import distributions
from pathlib import Path

from app.core.files.errors import FileGone
from app.core.files.local import in_thread
from app.core.files.store import BLOCK_BYTES, FileStore
from app.jobs.code.installing import Terms, install
from app.jobs.code.keeping import fetch
from app.jobs.code.measuring import bytes_of
from app.jobs.code.packing import pack, unpack
from app.jobs.code.passing import folder_for
from app.jobs.code.requirements import Requirements
from app.jobs.code.shelf import Shelf

# Another number makes all layers anew.
_FORM = "1"
# Far more than any installation is given.
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Layer:
    """A kept layer.

    Attributes:
        id: SHA-256 of its archive, hexadecimal.
        size_bytes: of its files, installed.
        packages: what is in it, as `name==version`, sorted.
    """

    id: str
    size_bytes: int
    packages: tuple[str, ...]


async def layer_for(
    store: FileStore,
    requirements: Requirements,
    *,
    terms: Terms | None = None,
    work: Path | None = None,
    coming: Callable[[str], Awaitable[None]] | None = None,
) -> Layer | None:
    """The layer of these requirements, made if there is none yet; None if nothing is required.

    Takes as long as pip takes; nobody should hold a transaction meanwhile. May be repeated.

    Args:
        work: a folder for what is passing, three times the size of a layer; by default that of the
            system for temporary files.
        coming: told the id of one that is new before it is kept, so that none is kept of which
            nobody knows, whoever dies.

    Raises:
        RequirementsFailed, RequirementsTimedOut, LayerTooLarge: the requirements cannot be had.
        PackageIndexUnavailable, StorageFull, FilesUnavailable: they may be had later.
    """
    if not requirements.lines:
        return None
    found = await _find(store, requirements)
    if found is not None:
        return found
    folder = await in_thread(lambda: folder_for("penstock-layer-", longest=_LONGEST, place=work))
    try:
        installed = await install(requirements, Path(folder.name), terms or Terms())
        return await _keep(store, requirements, installed, coming)
    finally:
        await in_thread(folder.cleanup)


async def is_kept(store: FileStore, layer_id: str) -> bool:
    """Whether its archive is there."""
    return await store.exists(_archive(layer_id))


async def delete(store: FileStore, layer_id: str, note: str | None) -> None:
    """Delete a layer that nobody needs; may be repeated.

    Args:
        note: as `note_of` has it; others that lead to the layer lead nowhere then, and are replaced
            when it is made again.
    """
    if note is not None:
        await store.delete(note)
    await store.delete(_archive(layer_id))


def note_of(requirements: Requirements) -> str:
    """Where in the store it is noted which layer these requirements have."""
    fits = (_FORM, sys.implementation.cache_tag, sysconfig.get_platform(), requirements.digest)
    key = hashlib.sha256("\n".join(map(str, fits)).encode()).hexdigest()
    return f"layers/made-of/{key}.json"


def materialise(store: FileStore, layer_id: str, shelf: Shelf) -> AbstractAsyncContextManager[Path]:
    """The layer as a folder on this machine, for as long as the context lasts; read only, please.

    Raises:
        KeptContentDamaged: what is kept is not what was made, or is gone.
        StorageFull, FilesUnavailable: later, perhaps.
    """

    async def fill(tree: Path) -> None:
        packed = tree.with_name("layer.tar.gz")
        await fetch(store, _archive(layer_id), layer_id, into=packed)
        await in_thread(unpack, packed, tree)
        await in_thread(packed.unlink)

    return shelf.tree(layer_id, fill)


async def _find(store: FileStore, requirements: Requirements) -> Layer | None:
    try:
        note = json.loads(b"".join([block async for block in store.read(note_of(requirements))]))
    except FileGone:
        return None
    layer = Layer(note["id"], note["size_bytes"], tuple(note["packages"]))
    return layer if await is_kept(store, layer.id) else None


async def _keep(
    store: FileStore,
    requirements: Requirements,
    installed: Path,
    coming: Callable[[str], Awaitable[None]] | None,
) -> Layer:
    packed = installed.with_name("layer.tar.gz")
    layer = Layer(
        id=await in_thread(pack, installed, packed),
        size_bytes=await in_thread(bytes_of, installed),
        packages=await in_thread(_packages, installed),
    )
    if coming is not None:
        await coming(layer.id)
    await store.write(_archive(layer.id), _blocks(packed))
    note = json.dumps(asdict(layer)).encode()
    # Last: who finds the note finds the archive.
    await store.write(note_of(requirements), _once(note))
    return layer


def _packages(installed: Path) -> tuple[str, ...]:
    found = distributions(path=[str(installed)])
    return tuple(sorted(f"{one.name}=={one.version}" for one in found))


def _archive(layer_id: str) -> str:
    return f"layers/{layer_id}.tar.gz"


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    file = await in_thread(path.open, "rb")
    try:
        while block := await in_thread(file.read, BLOCK_BYTES):
            yield block
    finally:
        await in_thread(file.close)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
