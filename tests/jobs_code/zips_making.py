"""Zips as customers make them, and as nobody should."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAIN = b"def main(event):\n    return None\n"
PLAN_BYTES = 4 * 2**20
_ENTRY = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
_END = b"PK\x05\x06"
# Of a local header and of an entry of the directory: where a field stands, and its form.
LOCAL_FIELDS = {"flags": (6, "<H"), "method": (8, "<H"), "crc": (14, "<L"), "packed": (18, "<L")}
LOCAL_FIELDS |= {"size": (22, "<L"), "name": (30, "")}
ENTRY_FIELDS = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<L"), "packed": (20, "<L")}
ENTRY_FIELDS |= {"size": (24, "<L"), "disk": (34, "<H"), "attributes": (38, "<L")}
ENTRY_FIELDS |= {"offset": (42, "<L"), "name": (46, "")}
END_FIELDS = {"disk": (4, "<H"), "count_here": (8, "<H"), "count": (10, "<H"), "size": (12, "<L")}
END_FIELDS |= {"begins": (16, "<L")}


def a_zip(
    files: Mapping[str, bytes] | Sequence[tuple[str, bytes]] = (), *, main: bytes | None = MAIN
) -> bytes:
    """A zip of main.py and these files, deflated, main.py first."""
    packed = io.BytesIO()
    listed = list(files.items()) if isinstance(files, Mapping) else list(files)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [*([("main.py", main)] if main is not None else []), *listed]:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


@dataclass
class Patched:
    """A zip whose headers are written over, field by field; members are counted from 0."""

    content: bytearray

    @classmethod
    def of(cls, content: bytes) -> "Patched":
        return cls(bytearray(content))

    def local(self, member: int, **values: int | bytes) -> "Patched":
        return self._write(self._nth(_LOCAL, member), LOCAL_FIELDS, values)

    def entry(self, member: int, **values: int | bytes) -> "Patched":
        return self._write(self._nth(_ENTRY, member), ENTRY_FIELDS, values)

    def both(self, member: int, **values: int | bytes) -> "Patched":
        return self.local(member, **values).entry(member, **values)

    def end(self, **values: int) -> "Patched":
        return self._write(self.content.rfind(_END), END_FIELDS, values)

    def data(self, member: int) -> int:
        """Where the content of a member begins."""
        place = self._nth(_LOCAL, member)
        name, extra = struct.unpack_from("<2H", self.content, place + 26)
        return place + 30 + int(name) + int(extra)

    def _nth(self, signature: bytes, member: int) -> int:
        place = -1
        for _ in range(member + 1):
            place = self.content.index(signature, place + 1)
        return place

    def _write(
        self, start: int, fields: Mapping[str, tuple[int, str]], values: Mapping[str, int | bytes]
    ) -> "Patched":
        for name, value in values.items():
            place, form = fields[name]
            written = value if isinstance(value, bytes) else struct.pack(form, value)
            self.content[start + place : start + place + len(written)] = written
        return self

    def __bytes__(self) -> bytes:
        return bytes(self.content)


def with_mode(mode: int, content: bytes = b"target", name: str = "odd") -> bytes:
    """A zip whose second member has this Unix mode."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    packed = io.BytesIO(a_zip())
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(info, content)
    return packed.getvalue()


def with_raw_name(raw: bytes) -> bytes:
    """A zip whose second member has these very bytes for a name."""
    return bytes(Patched.of(a_zip({"x" * len(raw): b"content"})).both(1, name=raw))


class Unseekable(io.RawIOBase):
    """What a zip is streamed to: sizes can only follow the content."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, block: object) -> int:
        self.written += bytes(block)  # type: ignore[call-overload]  # any buffer
        return len(bytes(block))  # type: ignore[call-overload]  # any buffer


def a_streamed_zip(files: Mapping[str, bytes], *, is_wide: bool = False) -> bytes:
    """As `zip - … | cat` makes it, with sizes behind the content, of 64 bits if wide."""
    out = Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            with archive.open(name, "w", force_zip64=is_wide) as member:
                member.write(content)
    return bytes(out.written)
