"""The clock is everybody's: what a test of fires leaves due would be done as others move it."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from app.core.driver import driver_of
from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant
from tests.fires.making import DAY, ROOMY
from tests.jobs.making import now_of, plan


@pytest.fixture(autouse=True)
async def _leave_nothing_due(tenant: Tenant, resources: Resources) -> AsyncIterator[None]:
    yield
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        for table in ("pending_runs", "timetables", "pending_expiries", "watches"):
            await driver.execute(f"DELETE FROM {table} WHERE account_id = $1", tenant.account_id)


@pytest.fixture
async def _roomy(make_tenant: MakeTenant, tenant: Tenant) -> None:
    """A plan that has room for whatever a test plans."""
    await plan(make_tenant, tenant, **ROOMY)


@pytest.fixture
async def noon(tenant: Tenant, resources: Resources) -> datetime:
    """A day's noon that is still to come, called 12:00 here."""
    now = await now_of(resources, tenant)
    return now.replace(hour=12, minute=0, second=0, microsecond=0) + 2 * DAY
