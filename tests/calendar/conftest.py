"""One installation for all of these tests: an API and a worker with a sandbox, on one clock."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.core.resources import Resources
from app.demo.sending import connecting
from app.embedded.valkey import Valkey
from tests.calendar.installation import Customer, Installation
from tests.code_users import CALENDAR, USERS, first_user
from tests.faults.births import Nursery
from tests.faults.conftest import Template, template
from tests.faults.ground import a_copy, ground_on, settings_of
from tests.jobs_code.wheels_making import Wheels
from tests.outbound.servers import Authority
from tests.ports import free_port
from tests.servers import POSTGRES

__all__ = ["template"]

MakeCustomer = Callable[..., Awaitable[Customer]]


@pytest.fixture(scope="package", name="first_user")
def _first_user(worker_id: str) -> int:
    return first_user(CALENDAR, worker_id)


@pytest.fixture(scope="package")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """All the packages that the installation's pip finds."""
    return Wheels(tmp_path_factory.mktemp("packages") / "wheels")


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whose servers the installation believes."""
    found = Authority(tmp_path_factory.mktemp("authority"))
    (found.folder / "shown.pem").write_bytes(found.certificate.public_bytes(Encoding.PEM))
    return found


@pytest.fixture(scope="package")
async def valkey(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Valkey]:
    folder = tmp_path_factory.mktemp("valkey")
    server = Valkey(folder / "valkey", password="calendar", log=folder / "valkey.log")
    await server.start()
    yield server
    await server.kill()


@pytest.fixture(scope="package")
async def installation(
    valkey: Valkey,
    template: Template,
    nursery: Nursery,
    tmp_path_factory: pytest.TempPathFactory,
    first_user: int,
    wheels: Wheels,
    authority: Authority,
) -> AsyncIterator[Installation]:
    folder, server = tmp_path_factory.mktemp("calendar"), os.environ[POSTGRES]
    port = free_port()
    told = {
        "PENSTOCK_SANDBOX": "true",
        "PENSTOCK_CODE__SCRATCH": str(folder / "code"),
        "PENSTOCK_CODE__FIRST_USER": str(first_user),
        "PENSTOCK_CODE__USERS": str(USERS),
        "PENSTOCK_CODE__GRACE": "PT0.3S",
        "PENSTOCK_CODE__API_URL": f"http://127.0.0.1:{port}",
        "PENSTOCK_PROXYING__PRIVATE_NETWORKS": '["127.0.0.1/32"]',
        "PENSTOCK_WEBHOOKS__ALLOW_PRIVATE": "true",
        "PENSTOCK_WEBHOOKS__CA_FILE": str(authority.folder / "shown.pem"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels.folder),
    }
    async with a_copy(server, template=template.name) as name:
        url, logs = f"{server}/{name}", folder / "logs"
        ground = ground_on(url, valkey, template.keys, logs, nursery, **told)
        connect = connecting(f"http://127.0.0.1:{port}", template.keys.platform)
        async with (
            Resources(settings_of(ground.database_url)) as resources,
            connect() as operator,
        ):
            try:
                await ground.processes.api(port)
                await ground.processes.worker()
                yield Installation(ground, resources, port, operator)
            finally:
                await ground.processes.end()


@pytest.fixture
async def make_customer(installation: Installation) -> AsyncIterator[MakeCustomer]:
    """Makes an account with a plan; what it planned and runs ends with the test."""
    made: list[Customer] = []

    async def make(**plan: object) -> Customer:
        made.append(await installation.a_customer(**plan))
        return made[-1]

    yield make
    for customer in made:
        await customer.leave()


@pytest.fixture
async def customer(make_customer: MakeCustomer) -> Customer:
    """An account with the plan of a new one."""
    return await make_customer()
