"""Unpacking one member: in small steps, counted while they come, whatever its headers say."""

import zlib
from collections.abc import Iterator

from app.jobs.code.errors import (
    ChecksumDiffers,
    MemberDamaged,
    RatioTooHigh,
    SizeDiffers,
    UnpacksTooLarge,
)
from app.jobs.code.zips.members import MOST_UNPACKED_BYTES, Member

MOST_RATIO = 100
# Below it a ratio means nothing: a kilobyte of blanks takes a dozen bytes.
RATIO_FROM_BYTES = 64 * 2**10

_RAW = -15
_PIECE_BYTES = 16 * 2**10
_STEP_BYTES = 64 * 2**10


class Allowance:
    """How much the members of one zip may come to, together and for the size of the zip."""

    def __init__(self, zip_bytes: int) -> None:
        self._zip_bytes = zip_bytes
        self.used_bytes = 0

    def use(self, more_bytes: int) -> None:
        """Count bytes that were unpacked.

        Raises:
            UnpacksTooLarge, RatioTooHigh: they are too many.
        """
        self.used_bytes += more_bytes
        if self.used_bytes > MOST_UNPACKED_BYTES:
            raise UnpacksTooLarge(most_bytes=MOST_UNPACKED_BYTES)
        check_ratio("The zip", self.used_bytes, self._zip_bytes)


def unpack(content: bytes, member: Member, allowance: Allowance) -> Iterator[bytes]:
    """What the member holds, in steps of at most 64 KiB; at its end it is known to be right.

    Nothing beyond the stated size is given out, but it is counted, so that the true reason is told.

    Raises:
        UnpacksTooLarge, RatioTooHigh, MemberDamaged, SizeDiffers, ChecksumDiffers: see each.
    """
    what = "Member {position} ({name})".format(**member.place)
    done, checksum = 0, 0
    for step in _steps(content, member):
        done += len(step)
        allowance.use(len(step))
        check_ratio(what, done, member.packed_bytes)
        checksum = zlib.crc32(step, checksum)
        if done <= member.size_bytes:
            yield step
    if done != member.size_bytes:
        raise SizeDiffers(**member.place)
    if checksum != member.checksum:
        raise ChecksumDiffers(**member.place)


def check_ratio(what: str, unpacked_bytes: int, packed_bytes: int) -> None:
    """Refuse what grows too far; 100 times is taken, more is not."""
    if unpacked_bytes > RATIO_FROM_BYTES and unpacked_bytes > MOST_RATIO * packed_bytes:
        raise RatioTooHigh(what=what, most=MOST_RATIO)


def _steps(content: bytes, member: Member) -> Iterator[bytes]:
    packed = memoryview(content)[member.begins : member.begins + member.packed_bytes]
    if not member.is_packed:
        for start in range(0, len(packed), _STEP_BYTES):
            yield bytes(packed[start : start + _STEP_BYTES])
        return
    inflater = zlib.decompressobj(_RAW)
    start = 0
    while not inflater.eof:
        if start >= len(packed):
            raise MemberDamaged(**member.place)
        waiting = bytes(packed[start : start + _PIECE_BYTES])
        start += len(waiting)
        is_full = True
        while (waiting or is_full) and not inflater.eof:
            try:
                step = inflater.decompress(waiting, _STEP_BYTES)
            except zlib.error:
                raise MemberDamaged(**member.place) from None
            waiting = inflater.unconsumed_tail
            is_full = len(step) == _STEP_BYTES
            if step:
                yield step
    if start < len(packed) or inflater.unused_data:
        raise MemberDamaged(**member.place)
