"""A folder of wheels, a store, a shelf, for each test its own."""

from pathlib import Path

import pytest

from app.core.files.local import LocalFiles
from app.core.files.store import FileStore
from app.jobs.code.shelf import Shelf
from tests.jobs_code.wheels_making import Wheels


@pytest.fixture
def wheels(tmp_path: Path) -> Wheels:
    return Wheels(tmp_path / "wheels")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return LocalFiles(tmp_path / "store")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf", most_bytes=10**9)
