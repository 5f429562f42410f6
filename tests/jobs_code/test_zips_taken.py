"""Zips that are taken as they come from the tools people use, up to each limit."""

import io
import os
import stat
import struct
import zipfile
import zlib

import pytest

from app.jobs.code.errors import RatioTooHigh, TooManyFolders, TooManyMembers, UnpacksTooLarge
from app.jobs.code.inspecting import inspect_zip
from tests.jobs_code.zips_making import (
    MAIN,
    PLAN_BYTES,
    Patched,
    a_streamed_zip,
    a_zip,
    with_mode,
)

MEGABYTES_64 = 64 * 2**20


def noise(size: int, *, ratio: int) -> bytes:
    """Bytes that deflate to about this part of their size."""
    block = os.urandom(65_536 // ratio)
    block += bytes(65_536 - len(block))
    return (block * (size // len(block) + 1))[:size]


def test_what_is_known_of_a_zip() -> None:
    content = a_zip({"lib/": b"", "lib/rows.py": b"ROWS = 1\n", "requirements.txt": b"tablib\n"})

    found = inspect_zip(content, most_bytes=PLAN_BYTES)

    assert (found.main, found.arity) == ("main.py", 1)
    assert [one.path for one in found.members] == [
        "main.py",
        "lib",
        "lib/rows.py",
        "requirements.txt",
    ]
    assert found.requirements == "tablib\n"
    assert found.unpacked_bytes == len(MAIN) + 9 + 7
    assert found.size_bytes == len(content)


def test_main_may_lie_in_src_with_its_requirements_or_those_of_the_root() -> None:
    files = {"src/main.py": b"def main(): pass", "requirements.txt": b"root"}

    at_root = inspect_zip(a_zip(files, main=None), most_bytes=PLAN_BYTES)
    beside = inspect_zip(
        a_zip({**files, "src/requirements.txt": b"beside"}, main=None), most_bytes=PLAN_BYTES
    )

    assert (at_root.main, at_root.arity, at_root.requirements) == ("src/main.py", 0, "root")
    assert beside.requirements == "beside"


def test_main_at_the_root_goes_before_one_in_src() -> None:
    content = a_zip({"src/main.py": b"not python", "src/requirements.txt": b"x"})

    found = inspect_zip(content, most_bytes=PLAN_BYTES)

    assert (found.main, found.requirements) == ("main.py", None)


@pytest.mark.parametrize("is_wide", [False, True])
def test_a_streamed_zip_is_taken(is_wide: bool) -> None:
    content = a_streamed_zip({"main.py": MAIN, "empty": b"", "x": b"x" * 999}, is_wide=is_wide)

    assert inspect_zip(content, most_bytes=PLAN_BYTES).unpacked_bytes == len(MAIN) + 999


def test_sizes_may_follow_without_a_signature() -> None:
    """As some tools write them: only the three numbers."""
    content = a_streamed_zip({"main.py": MAIN})
    place = content.index(b"PK\x07\x08")
    shorter = Patched.of(content[:place] + content[place + 4 :])
    begins = struct.unpack_from("<L", shorter.content, shorter.content.rfind(b"PK\5\6") + 16)[0]

    assert inspect_zip(bytes(shorter.end(begins=begins - 4)), most_bytes=PLAN_BYTES).arity == 1


def test_a_wide_end_that_says_the_same_is_taken() -> None:
    plain = a_zip()
    place = plain.rfind(b"PK\x05\x06")
    size, begins = struct.unpack_from("<2L", plain, place + 12)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, begins)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1)
    content = Patched.of(plain[:place] + wide + locator + plain[place:])
    content.end(count=0xFFFF, count_here=0xFFFF, size=0xFFFFFFFF, begins=0xFFFFFFFF)

    assert inspect_zip(bytes(content), most_bytes=PLAN_BYTES).arity == 1


def test_a_comment_is_taken_even_one_that_looks_like_an_end() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", MAIN)
        archive.comment = b"made by PK\x05\x06 and more of the same, thirty bytes"

    assert inspect_zip(packed.getvalue(), most_bytes=PLAN_BYTES).arity == 1


@pytest.mark.parametrize(
    "name",
    ["./lib/x.py", "lib//x.py", "naïve/x.py", "日本語.txt", "👩‍🔬.txt", "a b.txt", "..x", "xy:z"],
)
def test_such_names_are_taken(name: str) -> None:
    assert len(inspect_zip(a_zip({name: b"x"}), most_bytes=PLAN_BYTES).members) == 2


@pytest.mark.parametrize("mode", [0, stat.S_IFREG | 0o755, stat.S_IFREG | stat.S_ISUID | 0o777])
def test_any_mode_of_a_file_is_taken(mode: int) -> None:
    assert len(inspect_zip(with_mode(mode), most_bytes=PLAN_BYTES).members) == 2


@pytest.mark.parametrize("more", [0, 1])
def test_a_thousand_members_and_no_more(more: int) -> None:
    content = a_zip({f"f/{number}": b"x" for number in range(999 + more)})

    if more:
        with pytest.raises(TooManyMembers):
            inspect_zip(content, most_bytes=PLAN_BYTES)
    else:
        assert len(inspect_zip(content, most_bytes=PLAN_BYTES).members) == 1_000


@pytest.mark.parametrize("more", [0, 1])
def test_five_thousand_folders_and_no_more(more: int) -> None:
    """A name of a thousand bytes has hundreds of them, which take no bytes of the zip."""
    deep = {f"{number}/{'a/' * 498}x": b"" for number in range(10)}
    content = a_zip(deep | {f"b{number}/x": b"" for number in range(10 + more)})

    if more:
        with pytest.raises(TooManyFolders):
            inspect_zip(content, most_bytes=PLAN_BYTES)
    else:
        assert len(inspect_zip(content, most_bytes=PLAN_BYTES).members) == 21


@pytest.mark.parametrize("more", [0, 1])
def test_64_megabytes_unpacked_and_no_more(more: int) -> None:
    content = a_zip({"large": noise(MEGABYTES_64 - len(MAIN) + more, ratio=60)})

    if more:
        with pytest.raises(UnpacksTooLarge):
            inspect_zip(content, most_bytes=PLAN_BYTES)
    else:
        found = inspect_zip(content, most_bytes=PLAN_BYTES)
        assert found.unpacked_bytes == MEGABYTES_64


@pytest.mark.parametrize("more", [0, 1])
def test_a_hundred_times_the_packed_size_and_no_more(more: int) -> None:
    """A member of exactly that ratio: it is drawn to where both sizes agree."""
    size = 1_000_000
    while (larger := packed_size(9_000, size) * 100) != size:
        size = larger
    content = noisy(9_000, size) + bytes(more)

    if more:
        with pytest.raises(RatioTooHigh, match=r"Member 2 \(zeros\).* 100 times"):
            inspect_zip(a_zip({"zeros": content}), most_bytes=PLAN_BYTES)
    else:
        inspect_zip(a_zip({"zeros": content}), most_bytes=PLAN_BYTES)


def test_many_small_members_of_a_high_ratio_are_a_bomb_together() -> None:
    content = a_zip({f"zeros/{number}": bytes(60_000) for number in range(900)})

    with pytest.raises(RatioTooHigh, match="The zip"):
        inspect_zip(content, most_bytes=PLAN_BYTES)


def test_a_small_file_of_blanks_is_no_bomb() -> None:
    inspect_zip(a_zip({"blanks.txt": b" " * 60_000}), most_bytes=PLAN_BYTES)


def noisy(packed: int, size: int) -> bytes:
    """Noise of this length, then zeros."""
    seed = b"".join(
        zlib.crc32(bytes([n % 251, n // 251 % 251, 7])).to_bytes(4, "big") for n in range(2_500)
    )
    return seed[:packed] + bytes(size - packed)


def packed_size(packed: int, size: int) -> int:
    deflater = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -15)
    return len(deflater.compress(noisy(packed, size)) + deflater.flush())
