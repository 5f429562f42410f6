"""A zip in the store, and from there on a worker's disk."""

import os
from pathlib import Path

import pytest

from app.core.files.store import FileStore
from app.jobs.code.errors import KeptContentDamaged
from app.jobs.code.inspecting import inspect_zip
from app.jobs.code.keeping import keep_code, materialise_code
from app.jobs.code.shelf import Shelf
from tests.files.making import content, whole
from tests.jobs_code.zips_making import PLAN_BYTES, a_zip

ZIP = a_zip({"lib/x.bin": os.urandom(600_000)})
INSPECTED = inspect_zip(ZIP, most_bytes=PLAN_BYTES)


async def test_what_was_kept_is_a_folder_on_the_disk(
    store: FileStore, shelf: Shelf, tmp_path: Path
) -> None:
    name = await keep_code(store, "code/account/job", ZIP, INSPECTED)

    async with materialise_code(store, name, INSPECTED.sha256, shelf) as tree:
        found = {path.relative_to(tree).as_posix() for path in tree.rglob("*")}
    await store.delete_folder("code/account/job")
    async with materialise_code(store, name, INSPECTED.sha256, shelf) as tree:
        assert (tree / "main.py").exists()

    assert found == {"main.py", "lib", "lib/x.bin"}
    assert [path.name for path in (tmp_path / "shelf" / INSPECTED.sha256).iterdir()] != []
    assert not await store.exists(name)


async def test_keeping_may_be_repeated(store: FileStore) -> None:
    names = {await keep_code(store, "code/account/job", ZIP, INSPECTED) for _ in range(2)}

    assert await whole(store, names.pop()) == ZIP
    assert names == set()


async def test_another_content_is_not_run(store: FileStore, shelf: Shelf, tmp_path: Path) -> None:
    name = await keep_code(store, "code/account/job", ZIP, INSPECTED)

    await store.write(name, content(a_zip({"other": b"x"})))
    with pytest.raises(KeptContentDamaged):
        async with materialise_code(store, name, INSPECTED.sha256, shelf):
            raise AssertionError
    await store.delete(name)
    with pytest.raises(KeptContentDamaged):
        async with materialise_code(store, name, INSPECTED.sha256, shelf):
            raise AssertionError

    assert list((tmp_path / "shelf").iterdir()) == []
