"""The directory at the end of a zip, and what it says of each member.

… members … │ entry entry entry │ [zip64 end, its locator] │ end, comment │
            ▲                   ▲                                         ▲
       where it begins, as the end says                     the last byte of the content

Zip64 is read because some tools always write it; whatever it says twice must be said alike.
"""

import struct
from dataclasses import dataclass

from app.jobs.code.errors import (
    NotZip,
    TooManyMembers,
    ZipDamaged,
    ZipHasStrayData,
    ZipSplit,
    ZipTruncated,
)

MOST_MEMBERS = 1_000
LOCAL = b"PK\x03\x04"
_ENTRY = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"

_ENTRY_FORM = struct.Struct("<4s4B4HL2L5H2L")
_END_FORM = struct.Struct("<4s4H2LH")
_END64_FORM = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64_FORM = struct.Struct("<4sLQL")
_EXTRA_FORM = struct.Struct("<2H")
_ZIP64_EXTRA = 1
_IN_EXTRA = 0xFFFFFFFF
_IN_END64 = (0xFFFF, 0xFFFFFFFF)
_MOST_COMMENT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One member, as the directory describes it; nothing of it is believed yet."""

    position: int
    raw_name: bytes
    flags: int
    method: int
    checksum: int
    packed_bytes: int
    size_bytes: int
    offset: int
    attributes: int


@dataclass(frozen=True, slots=True)
class Directory:
    """All entries, in their order, and the byte where the members end and they begin."""

    entries: tuple[Entry, ...]
    begins: int


@dataclass(frozen=True, slots=True)
class _End:
    disks: tuple[int, int]
    counts: tuple[int, int]
    size: int
    begins: int
    stands_at: int


def read_directory(content: bytes) -> Directory:
    """Read and check the directory.

    Raises:
        NotZip, ZipTruncated, ZipDamaged, ZipSplit, ZipHasStrayData, TooManyMembers: see each.
    """
    end = _end_of(content)
    if end.disks != (0, 0) or end.counts[0] != end.counts[1]:
        raise ZipSplit
    if end.counts[1] > MOST_MEMBERS:
        raise TooManyMembers(most=MOST_MEMBERS)
    if end.begins + end.size > end.stands_at:
        raise ZipTruncated
    if end.begins + end.size < end.stands_at:
        # Where something was put before the zip, everything stands later than it says.
        raise ZipHasStrayData(offset=0 if content[:4] != LOCAL else end.begins + end.size)
    return Directory(tuple(_entries(content, end)), end.begins)


def wide(fields: tuple[int, ...], extra: bytes) -> tuple[int, ...]:
    """Sizes and offset, those taken from the zip64 field that a header marks as being there.

    Raises:
        ZipDamaged: they are not there.
    """
    if _IN_EXTRA not in fields:
        return fields
    values = _zip64_values(extra)
    if len(values) < fields.count(_IN_EXTRA):
        raise ZipDamaged(problem="a zip64 field is missing")
    following = iter(values)
    return tuple(next(following) if field == _IN_EXTRA else field for field in fields)


def _entries(content: bytes, end: _End) -> list[Entry]:
    entries: list[Entry] = []
    place, stop = end.begins, end.begins + end.size
    while place < stop:
        if len(entries) == MOST_MEMBERS:
            raise TooManyMembers(most=MOST_MEMBERS)
        if stop - place < _ENTRY_FORM.size or content[place : place + 4] != _ENTRY:
            raise ZipDamaged(problem=f"entry {len(entries) + 1} is not there")
        entry, length = _entry(content, place, len(entries) + 1)
        entries.append(entry)
        place += length
    if place > stop or len(entries) != end.counts[1]:
        raise ZipDamaged(problem="it does not have the entries that its end says")
    return entries


def _entry(content: bytes, place: int, position: int) -> tuple[Entry, int]:
    fields = _ENTRY_FORM.unpack_from(content, place)
    flags, method = fields[5:7]
    checksum, packed, size, name_length, extra_length, comment_length, disk = fields[9:16]
    attributes, offset = fields[17:19]
    names = place + _ENTRY_FORM.size
    extras = names + name_length
    extra = content[extras : extras + extra_length]
    size, packed, offset = wide((size, packed, offset), extra)
    if disk:
        raise ZipSplit
    entry = Entry(
        position=position,
        raw_name=content[names:extras],
        flags=flags,
        method=method,
        checksum=checksum,
        packed_bytes=packed,
        size_bytes=size,
        offset=offset,
        attributes=attributes,
    )
    return entry, _ENTRY_FORM.size + name_length + extra_length + comment_length


def _end_of(content: bytes) -> _End:
    place = _place_of_end(content)
    fields = _END_FORM.unpack_from(content, place)
    end = _End(fields[1:3], fields[3:5], fields[5], fields[6], place)
    locator = place - _LOCATOR64_FORM.size
    if locator < 0 or content[locator : locator + 4] != _LOCATOR64:
        return end
    return _wide_end(content, end, locator)


def _place_of_end(content: bytes) -> int:
    """The last one whose comment ends where the content ends."""
    latest = place = content.rfind(_END)
    while place >= 0 and len(content) - place <= _END_FORM.size + _MOST_COMMENT:
        if len(content) - place >= _END_FORM.size:
            comment_length = _END_FORM.unpack_from(content, place)[7]
            if place + _END_FORM.size + comment_length == len(content):
                return place
        place = content.rfind(_END, 0, place)
    if content[:4] != LOCAL:
        raise NotZip
    if latest >= 0 and len(content) - latest > _END_FORM.size:
        comment_length = _END_FORM.unpack_from(content, latest)[7]
        if latest + _END_FORM.size + comment_length < len(content):
            raise ZipHasStrayData(offset=latest + _END_FORM.size + comment_length)
    raise ZipTruncated


def _wide_end(content: bytes, end: _End, locator: int) -> _End:
    _, disk, place, disks = _LOCATOR64_FORM.unpack_from(content, locator)
    if disk != 0 or disks != 1:
        raise ZipSplit
    if place + _END64_FORM.size > locator or content[place : place + 4] != _END64:
        raise ZipDamaged(problem="its zip64 end is not where it should be")
    fields = _END64_FORM.unpack_from(content, place)
    if place + 12 + fields[1] != locator:
        raise ZipDamaged(problem="its zip64 end has another length")
    truth = _End(fields[4:6], fields[6:8], fields[8], fields[9], place)
    for narrow, full in (
        *zip(end.disks, truth.disks, strict=True),
        *zip(end.counts, truth.counts, strict=True),
        (end.size, truth.size),
        (end.begins, truth.begins),
    ):
        if narrow not in (*_IN_END64, full):
            raise ZipDamaged(problem="its two ends do not say the same")
    return truth


def _zip64_values(extra: bytes) -> tuple[int, ...]:
    place = 0
    while place + _EXTRA_FORM.size <= len(extra):
        kind, length = _EXTRA_FORM.unpack_from(extra, place)
        place += _EXTRA_FORM.size
        if kind == _ZIP64_EXTRA:
            block = extra[place : place + length]
            return struct.unpack(f"<{len(block) // 8}Q", block[: len(block) // 8 * 8])
        place += length
    return ()
