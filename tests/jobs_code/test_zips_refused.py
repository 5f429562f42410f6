"""One reason after the other for which a zip is refused, each with its own code and place."""

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from app.core.errors import AppError, Invalid, TooLarge
from app.jobs.code.errors import CodeRefused
from app.jobs.code.inspecting import inspect_zip
from tests.jobs_code.zips_making import PLAN_BYTES, Patched, a_zip, with_mode, with_raw_name

PLAIN = a_zip({"data.txt": b"some data"})
MEGABYTE = 2**20


def without_a_name() -> bytes:
    """The one letter of the second member's name becomes an extra field in both headers."""
    patched = Patched.of(with_stored("x", b""))
    for signature, place in ((b"PK\1\2", 28), (b"PK\3\4", 26)):
        start = patched.content.rindex(signature) + place
        patched.content[start : start + 4] = b"\0\0\1\0"
    return bytes(patched)


def with_stored(name: str, content: bytes) -> bytes:
    packed = io.BytesIO(a_zip())
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def twice_the_same() -> bytes:
    return bytes(Patched.of(a_zip({"one": b"1", "two": b"2"})).both(2, name=b"one"))


def overlapping() -> bytes:
    """Two entries of one content."""
    patched = Patched.of(a_zip({"one": b"same", "two": b"same"}))
    offset = struct.unpack_from("<L", patched.content, patched._nth(b"PK\x01\x02", 1) + 42)[0]
    return bytes(patched.entry(2, offset=offset))


def with_wrong_content() -> bytes:
    patched = Patched.of(with_stored("data.txt", b"some data"))
    patched.content[patched.data(1)] ^= 1
    return bytes(patched)


def lying_about_size() -> bytes:
    return bytes(Patched.of(a_zip({"data.txt": os.urandom(1_000)})).both(1, size=10))


def lying_beyond_the_limit() -> bytes:
    """It says ten bytes and holds 65 million, of a ratio that is taken."""
    block = os.urandom(660) + bytes(65_536 - 660)
    content = block * 1_030
    return bytes(Patched.of(a_zip({"data.bin": content})).both(1, size=10))


def cut(content: bytes, first: int, number: int) -> bytes:
    return content[:first] + content[first + number :]


def without_local_header() -> bytes:
    first, second = PLAIN.index(b"PK\3\4"), PLAIN.rindex(b"PK\3\4")
    assert first < second
    return PLAIN[:second] + b"PK\3\5" + PLAIN[second + 4 :]


def damaged_inside() -> bytes:
    patched = Patched.of(a_zip({"data.txt": b"some data" * 20}))
    place = patched.data(1)
    patched.content[place : place + 4] = b"\xff\xff\xff\xff"
    return bytes(patched)


def longer_than_its_content() -> bytes:
    """Deflated content that ends before its packed size does."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", b"\x03\x00and more")
    return bytes(Patched.of(packed.getvalue()).both(0, method=8, size=0, crc=0))


def zip64(*, count: int = 2, size_extra: int = 0) -> bytes:
    """The plain zip with a second, wide end that says these things."""
    place = PLAIN.rfind(b"PK\x05\x06")
    size, begins = struct.unpack_from("<2L", PLAIN, place + 12)
    wide = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44 + size_extra, 45, 45, 0, 0, count, count, size, begins
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1)
    return PLAIN[:place] + wide + locator + PLAIN[place:]


REFUSED = {
    "empty": (b"", "not_zip"),
    "text": (b"def main(): pass", "not_zip"),
    "gzip": (b"\x1f\x8b" + bytes(200), "not_zip"),
    "no end": (PLAIN[:-30], "zip_truncated"),
    "half a comment": (bytes(Patched.of(PLAIN).content[:-2]), "zip_truncated"),
    "data behind": (PLAIN + b"more", "zip_has_stray_data"),
    "data before": (b"#!/bin/sh\n" + PLAIN, "zip_has_stray_data"),
    "one byte missing": (cut(PLAIN, 40, 1), "zip_truncated"),
    "no directory": (bytes(Patched.of(PLAIN).end(begins=2**31)), "zip_truncated"),
    "part of several": (bytes(Patched.of(PLAIN).end(disk=1)), "zip_split"),
    "counts differ": (bytes(Patched.of(PLAIN).end(count_here=1)), "zip_split"),
    "member elsewhere": (bytes(Patched.of(PLAIN).entry(1, disk=3)), "zip_split"),
    "count too low": (bytes(Patched.of(PLAIN).end(count=1, count_here=1)), "zip_damaged"),
    "count too high": (bytes(Patched.of(PLAIN).end(count=3, count_here=3)), "zip_damaged"),
    "zip64 says another count": (zip64(count=1), "zip_damaged"),
    "zip64 of another length": (zip64(size_extra=8), "zip_damaged"),
    "zip64 that is not there": (bytes(Patched.of(PLAIN).entry(1, size=2**32 - 1)), "zip_damaged"),
    "no name": (without_a_name(), "name_empty"),
    "absolute": (a_zip({"/etc/passwd": b"x"}), "member_absolute"),
    "a drive": (a_zip({"C:/windows/x": b"x"}), "member_absolute"),
    "a share": (with_raw_name(b"\\\\host\\x"), "member_absolute"),
    "climbing": (a_zip({"../x": b"x"}), "member_climbs"),
    "climbing back": (a_zip({"a/../../x": b"x"}), "member_climbs"),
    "climbing inside": (a_zip({"a/b/../x": b"x"}), "member_climbs"),
    "climbing by backslash": (with_raw_name(b"a\\..\\..\\x"), "member_climbs"),
    "backslash": (with_raw_name(b"a\\x"), "name_with_backslash"),
    "NUL": (with_raw_name(b"main.py\0.txt"), "name_not_printable"),
    "line feed": (with_raw_name(b"a\nb"), "name_not_printable"),
    "escape": (with_raw_name(b"a\x1b[2J"), "name_not_printable"),
    "turned round": (with_raw_name("a\u202egpj.py".encode()), "name_not_printable"),
    "not UTF-8": (with_raw_name(b"caf\x82"), "name_not_text"),
    "long step": (a_zip({"x" * 256: b"x"}), "name_too_long"),
    "long path": (a_zip({"x/" * 500 + "x": b"x"}), "name_too_long"),
    "link": (with_mode(stat.S_IFLNK | 0o777), "member_is_link"),
    "link to a folder": (with_mode(stat.S_IFLNK | 0o777, b"", "odd/"), "member_is_link"),
    "device": (with_mode(stat.S_IFCHR | 0o666), "member_is_special"),
    "disk": (with_mode(stat.S_IFBLK | 0o666), "member_is_special"),
    "pipe": (with_mode(stat.S_IFIFO | 0o666), "member_is_special"),
    "socket": (with_mode(stat.S_IFSOCK | 0o666), "member_is_special"),
    "folder named like a file": (with_mode(stat.S_IFDIR | 0o755, b""), "member_is_special"),
    "file named like a folder": (with_mode(stat.S_IFREG, b"", "odd/"), "member_is_special"),
    "folder with content": (with_mode(stat.S_IFDIR, b"x", "odd/"), "member_is_special"),
    "encrypted": (bytes(Patched.of(PLAIN).both(1, flags=1)), "member_encrypted"),
    "strongly encrypted": (bytes(Patched.of(PLAIN).both(1, flags=1 << 6)), "member_encrypted"),
    "masked": (bytes(Patched.of(PLAIN).both(1, flags=1 << 13)), "member_encrypted"),
    "patched": (bytes(Patched.of(PLAIN).both(1, flags=1 << 5)), "compression_unknown"),
    "bzip2": (bytes(Patched.of(PLAIN).both(1, method=12)), "compression_unknown"),
    "AES": (bytes(Patched.of(PLAIN).both(1, method=99)), "compression_unknown"),
    "duplicated": (twice_the_same(), "member_duplicated"),
    "duplicated but for case": (a_zip({"A/b": b"1", "a/B": b"2"}), "member_duplicated"),
    "duplicated main": (a_zip({"MAIN.PY": b"1"}), "member_duplicated"),
    "duplicated but for form": (a_zip({"é": b"1", "e\u0301": b"2"}), "member_duplicated"),
    "duplicated but for dots": (a_zip({"a/b": b"1", "./a//b": b"2"}), "member_duplicated"),
    "duplicated folder": (a_zip({"a/": b"", "A/": b""}), "member_duplicated"),
    "folder and file": (a_zip({"a": b"1", "a/": b""}), "member_duplicated"),
    "file that is a folder": (a_zip({"a": b"1", "a/b": b"2"}), "member_inside_file"),
    "file that is a folder, later": (a_zip({"a/b/c": b"2", "A": b"1"}), "member_inside_file"),
    "overlapping": (overlapping(), "members_overlap"),
    "reaching into the directory": (
        bytes(Patched.of(with_stored("x", b"1")).both(1, packed=90, size=90)),
        "members_overlap",
    ),
    "other local name": (bytes(Patched.of(PLAIN).local(1, name=b"DATA")), "headers_differ"),
    "other local method": (bytes(Patched.of(PLAIN).local(1, method=0)), "headers_differ"),
    "other local checksum": (bytes(Patched.of(PLAIN).local(1, crc=1)), "headers_differ"),
    "other local size": (bytes(Patched.of(PLAIN).local(1, size=1)), "headers_differ"),
    "other local flags": (bytes(Patched.of(PLAIN).local(1, flags=1)), "headers_differ"),
    "no local header": (without_local_header(), "headers_differ"),
    "stored in another size": (bytes(Patched.of(PLAIN).both(1, method=0)), "headers_differ"),
    "wrong checksum": (with_wrong_content(), "checksum_differs"),
    "wrong content": (damaged_inside(), "member_damaged"),
    "more than its content": (longer_than_its_content(), "member_damaged"),
    "lying about its size": (lying_about_size(), "size_differs"),
    "lying beyond the limit": (lying_beyond_the_limit(), "unpacks_too_large"),
    "bomb": (a_zip({"zeros": bytes(10 * MEGABYTE)}), "ratio_too_high"),
    "bomb in a large zip": (
        a_zip({"noise": os.urandom(MEGABYTE), "zeros": bytes(10 * MEGABYTE)}),
        "ratio_too_high",
    ),
    "no main.py": (a_zip(main=None), "no_main_file"),
    "main.py elsewhere": (a_zip({"job/main.py": b"x"}, main=None), "no_main_file"),
    "main.py in capitals": (a_zip({"Main.py": b"x"}, main=None), "no_main_file"),
    "main.py as a folder": (a_zip({"main.py/": b""}, main=None), "no_main_file"),
    "main.py too large": (a_zip(main=os.urandom(200_000)), "main_file_too_large"),
    "requirements too large": (
        a_zip({"requirements.txt": os.urandom(70_000)}),
        "requirements_too_large",
    ),
    "requirements no text": (a_zip({"requirements.txt": b"\xff\xfe\x00"}), "requirements_not_text"),
}


@pytest.mark.parametrize(("content", "code"), REFUSED.values(), ids=REFUSED)
def test_a_zip_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        inspect_zip(content, most_bytes=PLAN_BYTES)

    assert caught.value.code == code
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def leaves(kind: type[AppError]) -> set[str]:
    below = kind.__subclasses__()
    return {kind.code_of()} if not below else set().union(*map(leaves, below))


def test_every_reason_is_tried() -> None:
    """Those of functions, requirements and limits have tests beside this one."""
    elsewhere = {
        *("zip_changed", "too_many_members", "too_many_folders"),
        *("code_syntax_error", "no_main_function"),
        *("main_not_function", "main_not_plain", "too_many_parameters", "requirement_refused"),
        *("requirements_failed", "requirements_timed_out", "layer_too_large"),
    }

    assert leaves(CodeRefused) - elsewhere == {code for _, code in REFUSED.values()}


def test_a_member_is_named_by_its_place() -> None:
    long = "folder/" + "x" * 200
    with pytest.raises(AppError, match=r"^Member 3 \(FOLDER/XXX\S*…X+\) has the same name as mem"):
        inspect_zip(a_zip({long: b"1", long.upper(): b"2"}), most_bytes=PLAN_BYTES)


@pytest.mark.parametrize("more", [0, 1])
def test_the_zip_may_be_as_large_as_the_plan_allows_and_no_larger(
    tmp_path: Path, more: int
) -> None:
    bare = with_stored("noise", b"")
    content = with_stored("noise", os.urandom(PLAN_BYTES - len(bare) + more))
    (tmp_path / "code.zip").write_bytes(content)

    for given in (content, tmp_path / "code.zip"):
        if more:
            with pytest.raises(TooLarge, match="4194304"):
                inspect_zip(given, most_bytes=PLAN_BYTES)
        else:
            assert inspect_zip(given, most_bytes=PLAN_BYTES).size_bytes == 4_194_304
