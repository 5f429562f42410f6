"""The clock is everybody's: what a test of groups leaves due would be done as others move it."""

from collections.abc import AsyncIterator

import pytest

from app.core.driver import driver_of
from app.core.resources import Resources
from tests.conftest import MakeTenant, Tenant
from tests.fires.making import ROOMY
from tests.groups.making import Stage
from tests.jobs.making import make_it_noon, plan


@pytest.fixture(autouse=True)
async def _leave_nothing_due(tenant: Tenant, resources: Resources) -> AsyncIterator[None]:
    yield
    async with resources.unit_of_work(tenant.account_id) as session:
        driver = await driver_of(session)
        for table in (
            "pending_runs",
            "pending_groups",
            "timetables",
            "pending_expiries",
            "watches",
        ):
            await driver.execute(f"DELETE FROM {table} WHERE account_id = $1", tenant.account_id)


@pytest.fixture
async def stage(tenant: Tenant, resources: Resources, make_tenant: MakeTenant) -> Stage:
    """A plan that has room for whatever a test does, in the middle of a day."""
    await plan(make_tenant, tenant, **ROOMY)
    await make_it_noon(resources, tenant)
    return Stage(tenant, resources)
