"""What tests of imports share."""

from collections.abc import Iterator

import pytest

from app.core.resources import Resources
from tests.conftest import Tenant
from tests.imports.interrupting import Chunks


@pytest.fixture(params=[False, True], ids=["names first", "met by name"])
def chunks(
    tenant: Tenant, resources: Resources, request: pytest.FixtureRequest
) -> Iterator[Chunks]:
    """Chunks of a file, each interrupted as often as it was to be; in both ways of meeting."""
    found = Chunks(resources, tenant, is_close=request.param)
    yield found
    assert all(pause.left <= 0 for pause in found.pauses), "a chunk was not interrupted"
