"""Which files are begun, everywhere; and that they are, where the kernel tells.

It tells by `cachestat`, since Linux 6.5, which pages of a file wait to be written. Older kernels do
not, and in a file system in memory none waits: there is nothing to be seen.
"""

import ctypes
import mmap
import os
from pathlib import Path

import asyncpg
import pytest

from app.embedded import Postgres
from app.embedded.writeback import Writeback
from tests.embedded.waiting import until

PAGES = 256
_CACHESTAT = 451
_LIBC = ctypes.CDLL(None, use_errno=True)


def waiting_pages(path: Path) -> int:
    """Pages of a file that are changed and that nobody has begun to write.

    Raises:
        OSError: this kernel does not tell.
    """
    whole, found = (ctypes.c_uint64 * 2)(0, 0), (ctypes.c_uint64 * 5)()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if _LIBC.syscall(_CACHESTAT, descriptor, ctypes.byref(whole), ctypes.byref(found), 0):
            raise OSError(ctypes.get_errno(), "cachestat")
    finally:
        os.close(descriptor)
    return int(found[1])


@pytest.fixture
def is_told(tmp_path: Path) -> None:
    """For tests that ask the kernel."""
    try:
        tells = waiting_pages(grow(tmp_path / "probe")) == PAGES
    except OSError:
        tells = False
    if not tells:
        pytest.skip("needs Linux 6.5, and temporary files on a disk")


def grow(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(bytes(mmap.PAGESIZE * PAGES))
    return path


@pytest.mark.usefixtures("is_told")
def test_what_was_appended_begins_to_be_written(tmp_path: Path) -> None:
    table = grow(tmp_path / "base" / "16384" / "2601")
    assert waiting_pages(table) == PAGES

    temporary = grow(table.with_name("t3_2601"))
    writeback = Writeback(tmp_path)

    assert writeback.look() == 1

    assert [waiting_pages(table), waiting_pages(temporary)] == [0, PAGES]
    os.utime(table, ns=(0, 0))  # so that another time is seen, however fast this test is
    grow(table)
    assert waiting_pages(table) == PAGES

    assert writeback.look() == 1

    assert [waiting_pages(table), waiting_pages(temporary)] == [0, PAGES]


def test_only_files_that_changed_since_are_begun(tmp_path: Path) -> None:
    _, grows = (grow(tmp_path / "base" / "16384" / name) for name in ("2601", "2602.1"))
    writeback = Writeback(tmp_path)
    assert writeback.look() == 2
    os.utime(grows, ns=(0, 0))  # so that another time is seen, however fast this test is

    grow(grows)

    assert writeback.look() == 1
    assert writeback.look() == 0


@pytest.mark.parametrize(
    "name", ["base/16384/t3_2601", "base/pgsql_tmp/pgsql_tmp1.0", "base/5/2601", "pg_wal/0001"]
)
def test_what_is_temporary_or_not_of_tables_is_left_alone(tmp_path: Path, name: str) -> None:
    grow(tmp_path / name)

    assert Writeback(tmp_path).look() == 0


def test_files_that_are_gone_are_passed_over(tmp_path: Path) -> None:
    writeback = Writeback(tmp_path)
    assert writeback.look() == 0  # no cluster yet

    table = grow(tmp_path / "base" / "16384" / "2601")
    (table.parent / "2602").symlink_to(tmp_path / "dropped")

    assert writeback.look() == 1


@pytest.mark.usefixtures("is_told")
async def test_a_server_has_its_tables_written_while_it_runs(postgres: Postgres) -> None:
    await postgres.create_database("grows")
    connection = await asyncpg.connect(postgres.url("grows"))
    try:
        await connection.execute("CREATE TABLE lines (n integer)")
        await connection.execute("INSERT INTO lines SELECT generate_series(1, 99999)")
        path = await connection.fetchval("SELECT pg_relation_filepath('lines')")
    finally:
        await connection.close()

    # The kernel itself would begin after thirty seconds.
    await until(lambda: waiting_pages(postgres.quarters.cluster / path) == 0, seconds=20)
