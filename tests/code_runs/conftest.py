"""A worker of this process with a real sandbox, on a scratch folder that all these tests share."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.resources import Resources
from app.core.settings import Code, Settings
from tests.code_runs.making import Site
from tests.code_runs.service import Service
from tests.code_users import CODE_RUNS, USERS, first_user
from tests.conftest import Tenant
from tests.faults.conftest import ground, stand, template, valkey
from tests.faults.ground import Stand
from workers.work import Work

__all__ = ["ground", "stand", "template", "valkey"]


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("code")


@pytest.fixture(scope="session", name="first_user")
def _first_user(worker_id: str) -> int:
    return first_user(CODE_RUNS, worker_id)


@pytest.fixture(scope="session")
async def worker(settings: Settings, scratch: Path, first_user: int) -> AsyncIterator[Work]:
    """One whose sandbox is sound: without bubblewrap these tests fail."""
    code = Code(
        scratch=str(scratch),
        grace=timedelta(seconds=0.3),
        first_user=first_user,
        users=USERS,
        unfit_wait=timedelta(),
    )
    async with Resources(settings.model_copy(update={"code": code})) as resources:
        work = Work(resources)
        await work.fitness.look()
        assert work.fitness.is_sound, work.fitness.said
        yield work


@pytest.fixture
def site(tenant: Tenant, worker: Work) -> Site:
    return Site(tenant, worker)


@pytest.fixture
def service(stand: Stand, scratch: Path, first_user: int) -> Service:
    return Service(stand, scratch, first_user, USERS)
