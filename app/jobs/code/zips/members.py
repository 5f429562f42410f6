"""From entries of the directory to members that may be unpacked: names, kinds, layout."""

import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.jobs.code.errors import (
    CompressionUnknown,
    HeadersDiffer,
    MemberDuplicated,
    MemberEncrypted,
    MemberInsideFile,
    MemberIsLink,
    MemberIsSpecial,
    MembersOverlap,
    TooManyFolders,
    UnpacksTooLarge,
    ZipHasStrayData,
    ZipTruncated,
)
from app.jobs.code.zips.directory import LOCAL, Directory, Entry, read_directory, wide
from app.jobs.code.zips.names import folded, folded_step, shown, steps_of

MOST_UNPACKED_BYTES = 64 * 2**20
# Around members, named as members of their own or not: a name of 1,000 bytes has 500 of them, and
# each takes a block of the disk.
MOST_FOLDERS = 5_000

_STORED, _DEFLATED = 0, 8
_LOCAL_FORM = struct.Struct("<4s5H3L2H")
# Encrypted, patched, strongly encrypted, headers masked.
_SECRET_FLAGS = 1 << 0 | 1 << 6 | 1 << 13
_PATCH_FLAG = 1 << 5
_SIZES_FOLLOW_FLAG = 1 << 3
# How hard it was packed, and that the name is UTF-8: tools do not always say so twice.
_IDLE_FLAGS = 1 << 1 | 1 << 2 | 1 << 11
_DESCRIPTOR = b"PK\x07\x08"


@dataclass(frozen=True, slots=True)
class Member:
    """A file or folder that may be unpacked, once its content is what its header says."""

    position: int
    steps: tuple[str, ...]
    is_folder: bool
    is_packed: bool
    checksum: int
    begins: int
    packed_bytes: int
    size_bytes: int

    @property
    def path(self) -> str:
        return "/".join(self.steps)

    @property
    def place(self) -> dict[str, Any]:
        """How errors name it."""
        return {"position": self.position, "name": shown(self.path.encode())}


@dataclass(frozen=True, slots=True)
class _Local:
    """What stands before a member's content."""

    entry: Entry
    flags: int
    method: int
    stated: tuple[int, int, int]
    raw_name: bytes
    ends: int


def read_members(content: bytes) -> tuple[Member, ...]:
    """Every member, in the order of the directory, without the root itself; unpacks nothing.

    Raises:
        CodeRefused: the zip or a member is not one that is taken; see the subclasses.
    """
    directory = read_directory(content)
    paths = [_checked(entry) for entry in directory.entries]
    _check_names(directory.entries, paths)
    if sum(entry.size_bytes for entry in directory.entries) > MOST_UNPACKED_BYTES:
        raise UnpacksTooLarge(most_bytes=MOST_UNPACKED_BYTES)
    begins = _layout(content, directory)
    return tuple(
        Member(
            position=entry.position,
            steps=steps,
            is_folder=entry.raw_name.endswith(b"/"),
            is_packed=entry.method == _DEFLATED,
            checksum=entry.checksum,
            begins=begins[entry.position],
            packed_bytes=entry.packed_bytes,
            size_bytes=entry.size_bytes,
        )
        for entry, steps in zip(directory.entries, paths, strict=True)
        if steps
    )


def _checked(entry: Entry) -> tuple[str, ...]:
    """The steps of its path, if it is a file or folder that can be read."""
    place = _place(entry)
    if entry.flags & _SECRET_FLAGS:
        raise MemberEncrypted(**place)
    if entry.method not in (_STORED, _DEFLATED) or entry.flags & _PATCH_FLAG:
        raise CompressionUnknown(**place)
    steps = steps_of(entry.raw_name, entry.position)
    # Whatever system the zip says it comes from: some tools look at the mode all the same.
    kind = stat.S_IFMT(entry.attributes >> 16)
    if kind == stat.S_IFLNK:
        raise MemberIsLink(**place)
    is_folder = entry.raw_name.endswith(b"/")
    if kind not in (0, stat.S_IFDIR if is_folder else stat.S_IFREG):
        raise MemberIsSpecial(**place)
    if (is_folder and entry.size_bytes) or not (steps or is_folder):
        raise MemberIsSpecial(**place)
    if entry.method == _STORED and entry.packed_bytes != entry.size_bytes:
        raise HeadersDiffer(**place)
    return steps


def _check_names(entries: Sequence[Entry], paths: Sequence[tuple[str, ...]]) -> None:
    """Refuse what would be one file, or a file and a folder, on some file system."""
    seen: dict[str, Entry] = {}
    for entry, steps in zip(entries, paths, strict=True):
        earlier = seen.setdefault(folded(steps), entry)
        if earlier is not entry:
            raise MemberDuplicated(**_place(entry), earlier=earlier.position)
    folders: set[str] = set()
    for entry, steps in zip(entries, paths, strict=True):
        path = ""
        for step in steps[:-1]:
            path = f"{path}/{folded_step(step)}" if path else folded_step(step)
            around = seen.get(path)
            if around is not None and not around.raw_name.endswith(b"/"):
                raise MemberInsideFile(**_place(entry), earlier=around.position)
            folders.add(path)
            if len(folders) > MOST_FOLDERS:
                raise TooManyFolders(most=MOST_FOLDERS)


def _layout(content: bytes, directory: Directory) -> dict[int, int]:
    """Where each content begins; headers and contents fill the zip up to its directory."""
    ordered = sorted(directory.entries, key=lambda entry: (entry.offset, entry.position))
    offsets = [*(entry.offset for entry in ordered), directory.begins]
    for entry, following in zip(ordered, offsets[1:], strict=True):
        if following - entry.offset < _LOCAL_FORM.size + entry.packed_bytes:
            raise MembersOverlap(**_place(entry))
    if offsets[0]:
        raise ZipHasStrayData(offset=0)
    begins = {}
    for (start, stop), entry in zip(pairwise(offsets), ordered, strict=True):
        local = _local(content, entry)
        ends = local.ends + entry.packed_bytes
        if ends > stop:
            raise MembersOverlap(**_place(entry))
        _compare(local)
        if ends < stop and content[ends:stop] not in _descriptors(local):
            raise ZipHasStrayData(offset=max(start, ends))
        begins[entry.position] = local.ends
    return begins


def _local(content: bytes, entry: Entry) -> _Local:
    if content[entry.offset : entry.offset + 4] != LOCAL:
        raise HeadersDiffer(**_place(entry))
    fields = _LOCAL_FORM.unpack_from(content, entry.offset)
    name = entry.offset + _LOCAL_FORM.size
    extra = name + fields[9]
    ends = extra + fields[10]
    if ends > len(content):
        raise ZipTruncated
    size, packed = wide((fields[8], fields[7]), content[extra:ends])
    stated = (fields[6], packed, size)
    return _Local(entry, fields[2], fields[3], stated, content[name:extra], ends)


def _compare(local: _Local) -> None:
    """Both headers say the same; where sizes follow the content, the first one may be silent."""
    entry = local.entry
    known = (entry.checksum, entry.packed_bytes, entry.size_bytes)
    is_silent = bool(local.flags & _SIZES_FOLLOW_FLAG)
    if (
        local.raw_name != entry.raw_name
        or local.method != entry.method
        or (local.flags ^ entry.flags) & ~_IDLE_FLAGS
        or any(
            stated != real and not (is_silent and stated == 0)
            for stated, real in zip(local.stated, known, strict=True)
        )
    ):
        raise HeadersDiffer(**_place(entry))


def _descriptors(local: _Local) -> set[bytes]:
    """Checksum and sizes as they may stand behind the content, narrow or wide."""
    if not local.flags & _SIZES_FOLLOW_FLAG:
        return set()
    entry = local.entry
    known = (entry.checksum, entry.packed_bytes, entry.size_bytes)
    forms = [struct.pack("<3L", *known), struct.pack("<L2Q", *known)]
    return {prefix + form for form in forms for prefix in (b"", _DESCRIPTOR)}


def _place(entry: Entry) -> dict[str, Any]:
    return {"position": entry.position, "name": shown(entry.raw_name)}
