"""Real PostgreSQL and Valkey for the suite; one database per pytest process, migrated once.

Every test makes tenants of its own: the wall between accounts is also the wall between tests.
"""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
import hypothesis
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.accounts.caller import Caller, identify
from app.accounts.provision import issue_key
from app.core import garbage, log
from app.core.auth import Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.settings import Database, Files, Http, Log, Settings
from app.main import create_app

pytest_plugins = ["tests.servers", "tests.faults.births"]

# Each group about as long as the other.
LONG = [("calendar", "sandbox", "journeys", "client", "code_runs"), ("faults", "sequences")]
# How long an example takes is the machine's affair: by itself the library allows 0.2 seconds.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

# Whoever waits in a test waits for as long as the others need, on whatever machine; a test of
# what comes of waiting too long has settings of its own.
_PATIENT = Database(
    pool_timeout=timedelta(minutes=4),
    connect_timeout=timedelta(minutes=1),
    lock_timeout=timedelta(minutes=2),
    idle_timeout=timedelta(minutes=4),
    statement_timeout=timedelta(minutes=4),
)
ACCOUNT_SCOPES = tuple(scope for scope in Scope if scope is not Scope.PLATFORM)


@dataclass(frozen=True)
class Tenant:
    """An account of a test, seen through one of its keys."""

    http: httpx.AsyncClient
    caller: Caller
    key: str
    name: str

    @property
    def account_id(self) -> UUID:
        return self.caller.account_id


MakeTenant = Callable[..., Awaitable[Tenant]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins early, and not all of it in one process: each of two gets a half of
    the list, and at the end they share what is short.
    """
    long = [[item for item in items if is_in(item, folders)] for folders in LONG]
    short = [item for item in items if not any(is_in(item, folders) for folders in LONG)]
    middle = max(0, len(items) // 2 - len(long[0]))
    items[:] = [*long[0], *short[:middle], *long[1], *short[middle:]]


def is_in(item: pytest.Item, folders: Sequence[str]) -> bool:
    return item.nodeid.startswith(tuple(f"tests/{folder}/" for folder in folders))


@pytest.fixture(scope="session")
def settings(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return Settings(
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        files=Files(url=f"file:{tmp_path_factory.mktemp('files')}"),
        secret_key=SecretStr("a secret of the test suite, long enough"),
        sandbox=True,
        database=_PATIENT,
        # Nobody reads a stream bit by bit here; tests of streams have a server of their own.
        http=Http(stream_timeout=timedelta(seconds=0.3)),
    )


@pytest.fixture(scope="session", autouse=True)
def _as_in_a_real_process() -> None:
    """Without this an exception is drawn with all its variables, and garbage is looked for often
    among hundreds of thousands of objects that stay.
    """
    log.configure(Log(level="WARNING"))
    garbage.look_seldom()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As when the suite was started in the background; what it starts would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="session")
def resources(app: FastAPI) -> Resources:
    found: Resources = app.state.resources
    return found


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that shows no key; answers come back even where the app raised."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://penstock") as client:
        yield client


@pytest.fixture
async def make_tenant(app: FastAPI, resources: Resources) -> AsyncIterator[MakeTenant]:
    """Makes an account (or one more key of an account) and a client that shows its key."""
    clients: list[httpx.AsyncClient] = []

    async def make(
        *scopes: Scope, user: str = "marketo", account: str | None = None, platform: bool = False
    ) -> Tenant:
        name = account or f"account {uuid7().hex}"
        wanted = (Scope.PLATFORM,) if platform else scopes or ACCOUNT_SCOPES
        key = await issue_key(
            resources, account=None if platform else name, user=user, scopes=wanted
        )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://penstock",
            headers={"Authorization": f"Bearer {key}"},
        )
        clients.append(client)
        return Tenant(client, await identify(resources, str(key)), str(key), name)

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    """An account with a key of `marketo` that has every scope of an account."""
    return await make_tenant()


@pytest.fixture
def http(tenant: Tenant) -> httpx.AsyncClient:
    return tenant.http
