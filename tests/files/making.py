"""Contents, and how they are read back."""

from collections.abc import AsyncIterator

from app.core.files.store import FileStore


async def content(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def whole(store: FileStore, name: str, start: int = 0) -> bytes:
    return b"".join([block async for block in store.read(name, start=start)])
