"""Compressed or not: blocks go in, plain blocks come out, none larger than a step."""

import zlib
from collections.abc import Iterator
from typing import Protocol

from app.imports.formats.errors import (
    CorruptGzip,
    NotGzip,
    TruncatedGzip,
    UnpacksTooFar,
    UnpacksTooLarge,
)
from app.imports.formats.format import Compression, Limits

_MAGIC = b"\x1f\x8b"
_GZIP = 31
# A packed block may hold a thousand times its size: never unpack more than this at once.
_STEP_BYTES = 1 << 18


class Unpacker(Protocol):
    """Takes the file's blocks, gives what they hold."""

    def feed(self, block: bytes) -> Iterator[bytes]:
        """What this block holds, step by step; raises FileRefused."""
        ...

    def finish(self) -> Iterator[bytes]:
        """What was still held back; raises FileRefused if the end is missing."""
        ...


def unpacker_of(compression: Compression, limits: Limits) -> Unpacker:
    """The one that fits."""
    if compression is Compression.NONE:
        return _Plain()
    if compression is Compression.GZIP:
        return _Gzip(limits)
    return _Either(limits)


class _Plain:
    def feed(self, block: bytes) -> Iterator[bytes]:
        yield block

    def finish(self) -> Iterator[bytes]:
        yield from ()


class _Either:
    """Waits for two bytes, then knows."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._head = b""
        self._chosen: Unpacker | None = None

    def feed(self, block: bytes) -> Iterator[bytes]:
        if self._chosen is None:
            self._head = block = self._head + block
            if len(block) < len(_MAGIC):
                return
            self._chosen = _Gzip(self._limits) if block.startswith(_MAGIC) else _Plain()
            self._head = b""
        yield from self._chosen.feed(block)

    def finish(self) -> Iterator[bytes]:
        if self._chosen is not None:
            yield from self._chosen.finish()
        elif self._head:
            yield self._head


class _Gzip:
    """One member after the other, as `cat a.gz b.gz` makes them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._head = b""
        self._member: zlib._Decompress | None = None
        self._packed_bytes = 0
        self._unpacked_bytes = 0

    def feed(self, block: bytes) -> Iterator[bytes]:
        if self._packed_bytes == 0:
            block = self._begun(block)
        while block:
            if self._member is None:
                # Tapes and some tools fill up with zeros behind the last member.
                rest = block.lstrip(b"\0")
                self._packed_bytes += len(block) - len(rest)
                block = rest
                if not block:
                    return
                self._member = zlib.decompressobj(wbits=_GZIP)
            plain, rest, is_full = self._step(self._member, block)
            self._packed_bytes += len(block) - len(rest)
            self._check(len(plain))
            if plain:
                yield plain
            # With a full step, more may wait inside although all of the block went in.
            while is_full and not rest and self._member is not None:
                plain, rest, is_full = self._step(self._member, b"")
                self._check(len(plain))
                if plain:
                    yield plain
            block = rest

    def finish(self) -> Iterator[bytes]:
        if self._head:
            raise NotGzip
        if self._member is not None:
            raise TruncatedGzip(unpacked_bytes=self._unpacked_bytes)
        yield from ()

    def _begun(self, block: bytes) -> bytes:
        block, self._head = self._head + block, b""
        if len(block) < len(_MAGIC):
            self._head, block = block, b""
        elif not block.startswith(_MAGIC):
            raise NotGzip
        return block

    def _step(self, member: "zlib._Decompress", block: bytes) -> tuple[bytes, bytes, bool]:
        try:
            plain = member.decompress(block, _STEP_BYTES)
        except zlib.error:
            raise CorruptGzip(unpacked_bytes=self._unpacked_bytes) from None
        if member.eof:
            self._member = None
            return plain, member.unused_data, False
        return plain, member.unconsumed_tail, len(plain) == _STEP_BYTES

    def _check(self, more_bytes: int) -> None:
        self._unpacked_bytes += more_bytes
        limits = self._limits
        if self._unpacked_bytes > limits.max_unpacked_bytes:
            raise UnpacksTooLarge(most_bytes=limits.max_unpacked_bytes)
        if (
            self._unpacked_bytes > limits.ratio_from_bytes
            and self._unpacked_bytes > self._packed_bytes * limits.max_ratio
        ):
            raise UnpacksTooFar(most=limits.max_ratio)
