"""Files in a bucket that speaks S3."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from app.core.files.errors import FileGone, FilesUnavailable
from app.core.files.store import BLOCK_BYTES, checked

# A part of a multipart upload, and how many are on their way: what a write holds in memory.
_PART_BYTES = 8 * 2**20
_PARTS = 2
_LISTED = 1000


class S3Files:
    """A `FileStore` in a bucket; an object is seen whole or not at all.

    Parts of a write that died stay hidden in the bucket: a lifecycle rule of the bucket for
    incomplete multipart uploads is what deletes them.
    """

    def __init__(self, bucket: str, prefix: str, **options: Any) -> None:
        self._store = S3Store(bucket, prefix=prefix or None, **options)

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> int:
        counted = _Counted(chunks)
        try:
            await obstore.put_async(
                self._store,
                checked(name),
                counted,
                use_multipart=True,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS,
            )
        except Exception as error:
            if counted.error is not None:
                raise counted.error from None
            if isinstance(error, BaseError | OSError):
                raise FilesUnavailable from error
            raise
        return counted.size

    async def read(self, name: str, *, start: int = 0) -> AsyncIterator[bytes]:
        if start >= await self.size(name):
            return
        with _translated():
            found = await obstore.get_async(
                self._store, checked(name), options={"range": {"offset": start}}
            )
            stream = found.stream(min_chunk_size=BLOCK_BYTES)
        while True:
            with _translated():
                block = await anext(stream, None)
            if block is None:
                return
            yield bytes(block)

    async def size(self, name: str) -> int:
        with _translated():
            return (await obstore.head_async(self._store, checked(name)))["size"]

    async def exists(self, name: str) -> bool:
        try:
            await self.size(name)
        except FileGone:
            return False
        return True

    async def delete(self, name: str) -> None:
        with contextlib.suppress(FileGone), _translated():
            await obstore.delete_async(self._store, checked(name))

    async def delete_folder(self, folder: str) -> None:
        with _translated():
            listed = obstore.list(self._store, checked(folder) + "/", chunk_size=_LISTED)
            async for found in listed:
                await obstore.delete_async(self._store, [one["path"] for one in found])


class _Counted:
    """Chunks on their way into the bucket: how many bytes, and what stopped them."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.size = 0
        self.error: BaseException | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await anext(self._chunks)
        except StopAsyncIteration:
            raise
        except BaseException as error:
            self.error = error
            raise
        self.size += len(chunk)
        return chunk


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise FileGone from None
    except (BaseError, OSError) as error:
        raise FilesUnavailable from error
