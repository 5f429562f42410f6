"""A service of each test, and files for it."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.oven import cool_down
from tests.client.service import Service

MEGABYTE = 2**20


@pytest.fixture(scope="package", autouse=True)
def _oven() -> Iterator[None]:
    yield
    cool_down()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    service.up()
    yield service
    service.is_over.set()
    service.down()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file of two rows."""
    path = tmp_path / "small.csv"
    path.write_text("email\nada@example.com\ngrace@example.com\n")
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Forty megabytes, of which no two are alike: more than one request takes."""
    path = tmp_path / "large.csv"
    path.write_bytes(random.Random(1).randbytes(40 * MEGABYTE))
    return path
