"""Requirements become a layer: installed once, kept, there again on a worker's disk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.files.store import FileStore
from app.jobs.code.errors import KeptContentDamaged
from app.jobs.code.installing import Terms
from app.jobs.code.layers import Layer, layer_for, materialise
from app.jobs.code.requirements import parse_requirements
from app.jobs.code.shelf import Shelf
from tests.files.making import content, whole
from tests.jobs_code.wheels_making import Wheels


async def made(store: FileStore, wheels: Wheels, text: str) -> Layer:
    terms = Terms(index=wheels.index)
    layer = await layer_for(store, parse_requirements(text), terms=terms)
    assert layer is not None
    return layer


def said_by(tree: Path, script: str) -> str:
    """What a Python that has nothing but the layer prints."""
    whole_script = f"import sys; sys.path.insert(0, {str(tree)!r}); {script}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", whole_script],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


async def test_what_is_required_can_be_imported_with_what_it_needs(
    store: FileStore, wheels: Wheels, shelf: Shelf
) -> None:
    wheels.add("sums", needs=["numbers-of>=2"], files={"sums/__init__.py": b"import numbers_of\n"})
    wheels.add("numbers_of", "1.9")
    wheels.add("numbers_of", "2.1")

    layer = await made(store, wheels, "Sums\n")
    async with materialise(store, layer.id, shelf) as tree:
        printed = said_by(tree, "import sums; print(sums.numbers_of.VERSION)")
        modes = {oct(path.stat().st_mode & 0o7777) for path in tree.rglob("*") if path.is_file()}

    assert printed == "2.1"
    assert layer.packages == ("numbers_of==2.1", "sums==1.0")
    assert modes == {"0o644"}


async def test_it_is_compiled_and_names_no_folder_of_the_machine_that_made_it(
    store: FileStore, wheels: Wheels, shelf: Shelf, tmp_path: Path
) -> None:
    wheels.add(
        "told",
        files={
            "told.py": b"def main():\n    return main.__code__.co_filename\n",
            "py2.py": b"print 1",
        },
        more={"entry_points.txt": b"[console_scripts]\ntold = told:main\n"},
    )
    terms = Terms(index=wheels.index)
    layer = await layer_for(
        store, parse_requirements("told"), terms=terms, work=tmp_path / "workplace"
    )
    assert layer is not None
    async with materialise(store, layer.id, shelf) as tree:
        everything = b"".join(path.read_bytes() for path in tree.rglob("*") if path.is_file())
        compiled = [path.name for path in tree.rglob("*.pyc")]
        has_scripts = (tree / "bin").exists()

    assert compiled == [f"told.{sys.implementation.cache_tag}.pyc"]
    assert not has_scripts
    assert b"workplace" not in everything
    assert sys.prefix.encode() not in everything
    assert list((tmp_path / "workplace").iterdir()) == []


async def test_the_same_requirements_make_one_layer(store: FileStore, wheels: Wheels) -> None:
    wheels.add("sums")
    first = await made(store, wheels, "sums >= 1.0")
    wheels.add("sums", "2.0")

    again = await made(store, wheels, "# the same\nSums>=1.0\n")
    other = await made(store, wheels, "sums>=2.0")

    assert again == first
    assert other.packages == ("sums==2.0",)


async def test_a_layer_that_was_deleted_is_made_again_and_is_the_same(
    store: FileStore, wheels: Wheels, tmp_path: Path
) -> None:
    wheels.add("sums")
    first = await made(store, wheels, "sums")
    await store.delete(f"layers/{first.id}.tar.gz")

    again = await made(store, wheels, "sums")

    assert again == first
    assert await store.exists(f"layers/{first.id}.tar.gz")


async def test_nothing_required_is_no_layer(store: FileStore) -> None:
    assert await layer_for(store, parse_requirements("# nothing\n")) is None


async def test_hashes_are_compared(store: FileStore, wheels: Wheels) -> None:
    digest = wheels.add("sums")

    layer = await made(store, wheels, f"sums==1.0 --hash=sha256:{digest}")

    assert layer.packages == ("sums==1.0",)


async def test_what_is_kept_is_compared_before_it_is_used(
    store: FileStore, wheels: Wheels, shelf: Shelf, tmp_path: Path
) -> None:
    wheels.add("sums")
    layer = await made(store, wheels, "sums")
    name = f"layers/{layer.id}.tar.gz"
    kept = await whole(store, name)
    await store.write(name, content(kept[:-9] + b"x" + kept[-8:]))

    with pytest.raises(KeptContentDamaged):
        async with materialise(store, layer.id, shelf):
            raise AssertionError
    await store.delete(name)
    with pytest.raises(KeptContentDamaged):
        async with materialise(store, layer.id, shelf):
            raise AssertionError
    await store.write(name, content(kept))
    async with materialise(store, layer.id, shelf) as tree:
        assert (tree / "sums.py").exists()
    assert {path.name for path in (tmp_path / "shelf").iterdir()} == {layer.id}


async def test_pip_is_the_one_installed_here(
    store: FileStore, wheels: Wheels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the environment nor a folder of packages puts another in its place."""
    monkeypatch.setenv("PYTHONPATH", os.fspath(wheels.folder))
    (wheels.folder / "pip.py").write_text("raise SystemExit('led astray')")
    (wheels.folder / "sitecustomize.py").write_text("raise SystemExit('led astray')")
    wheels.add("sums")

    layer = await made(store, wheels, "sums")

    assert layer.packages == ("sums==1.0",)
