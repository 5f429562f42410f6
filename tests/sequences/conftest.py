"""A worker in this process, which does what is due as the clock moves."""

from collections.abc import AsyncIterator

import pytest

from app.core.resources import Resources
from tests.clock_keeper import keeping_the_clock
from tests.conftest import MakeTenant, Tenant
from tests.sequences.making import Cadences


@pytest.fixture
async def cadences(
    resources: Resources, tenant: Tenant, make_tenant: MakeTenant
) -> AsyncIterator[Cadences]:
    """An account's sequences, and a clock that can be moved."""
    platform = await make_tenant(platform=True, user="operator")
    async with keeping_the_clock(resources):
        found = Cadences(tenant, platform, resources)
        await found.let_a_near_batch_be_over()
        yield found
        # Else the batches of this account would come by in every later test that moves the clock.
        await found.rest()
