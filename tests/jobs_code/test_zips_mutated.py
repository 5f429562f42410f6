"""Zips with bytes changed, moved and cut at random: refused for a reason, or wholly inside."""

import contextlib
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.jobs.code.errors import CodeRefused, ZipTooLarge
from app.jobs.code.extracting import extract
from app.jobs.code.inspecting import inspect_zip
from tests.jobs_code.zips_making import MAIN, a_streamed_zip, a_zip

WELL_MADE = [
    a_zip({"a": b"1", "lib/": b"", "lib/b.py": b"b = 2\n" * 40, "requirements.txt": b"x"}),
    a_streamed_zip({"main.py": MAIN, "a/b": b"c"}),
    a_streamed_zip({"src/main.py": MAIN, "a": b"c" * 99}, is_wide=True),
]
# Bytes that mean something in a zip or a path.
TELLING = [b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\x08", b"\xff\xff\xff\xff"]
TELLING += [
    b"\0\0\0\0",
    b"../",
    b"/",
    b"\\",
    b"..",
    b"\0",
    b"\xff\xff",
    b"\0\xa0",
    b"\x01",
    b"\x08",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from(WELL_MADE)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        length = draw(st.integers(1, 50))
        match draw(st.sampled_from(["write", "bytes", "flip", "cut", "copy", "put"])):
            case "write":
                telling = draw(st.sampled_from(TELLING))
                content[place : place + len(telling)] = telling
            case "bytes":
                some = draw(st.binary(min_size=1, max_size=8))
                content[place : place + len(some)] = some
            case "flip" if content:
                content[place] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del content[place : place + length]
            case "copy":
                other = draw(st.integers(0, max(0, len(content) - 1)))
                content[other:other] = content[place : place + length]
            case "put":
                content[place:place] = draw(st.sampled_from(TELLING))
    return bytes(content)


def check(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        around = Path(folder)
        with contextlib.suppress(CodeRefused, ZipTooLarge):
            inspected = inspect_zip(content, most_bytes=100_000)
            extract(content, around / "tree", inspected)
            files = [one for one in inspected.members if not one.is_folder]
            written = sorted(p for p in (around / "tree").rglob("*") if not p.is_dir())
            assert written == sorted(around / "tree" / one.path for one in files)
            assert all(stat.S_ISREG(path.lstat().st_mode) for path in written)
            assert sum(path.stat().st_size for path in written) == inspected.unpacked_bytes
        assert {path.name for path in around.iterdir()} <= {"tree"}


@settings(max_examples=1_500, deadline=None)
@given(mutated())
def test_a_mutated_zip_is_refused_or_stays_inside(content: bytes) -> None:
    check(content)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_stay_inside(content: bytes) -> None:
    check(content)


@settings(max_examples=500, deadline=None)
@given(st.binary(min_size=1, max_size=30))
def test_any_name_is_refused_or_stays_inside(name: bytes) -> None:
    content = a_zip({"x" * len(name): b"content"})

    check(content.replace(b"x" * len(name), name))


@pytest.mark.parametrize("content", WELL_MADE, ids=["plain", "streamed", "wide"])
def test_every_single_byte_turned_round(content: bytes) -> None:
    for place in range(len(content)):
        check(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])


@pytest.mark.parametrize("content", WELL_MADE, ids=["plain", "streamed", "wide"])
def test_every_length_it_may_be_cut_to(content: bytes) -> None:
    for length in range(len(content)):
        with pytest.raises(Invalid):
            inspect_zip(content[:length], most_bytes=100_000)
