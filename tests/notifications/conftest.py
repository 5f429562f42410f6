from collections.abc import AsyncIterator

import pytest

from app.core.settings import Settings
from tests.conftest import MakeTenant, Tenant
from tests.notifications.office import Office, office_of


@pytest.fixture
async def office(settings: Settings, database_url: str, tenant: Tenant) -> AsyncIterator[Office]:
    async with office_of(settings, database_url, tenant) as found:
        yield found


@pytest.fixture
async def another_office(
    settings: Settings, database_url: str, make_tenant: MakeTenant
) -> AsyncIterator[Office]:
    async with office_of(settings, database_url, await make_tenant()) as found:
        yield found
