import contextlib
import io
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from pydantic import SecretStr

from app.core import log
from app.core.settings import Log, Settings
from app.main import create_app
from tests.walls.databases import a_database
from tests.walls.looking import looking_at
from tests.walls.making import Owner, furnish
from tests.walls.place import Place

Lines = Callable[[], str]


@pytest.fixture(scope="session", params=[True, False], ids=["two-walls", "first-wall-alone"])
async def place(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Place]:
    """Where strangers call: the account that nobody else may see is full, and never changes.

    The statements that name the account are one wall, row security is the other. Each request
    is tried with both, and with the first alone.
    """
    async with a_database(has_row_security=request.param) as database_url:
        app = create_app(settings.model_copy(update={"database_url": SecretStr(database_url)}))
        async with (
            app.router.lifespan_context(app),
            looking_at(database_url) as eye,
            contextlib.AsyncExitStack() as stack,
        ):
            found = Place(app, database_url, stack)
            found.eye = eye
            found.owner = await furnish(await found.an_owner(), found.resources, database_url)
            yield found


@pytest.fixture(scope="session")
async def furnished(place: Place) -> Owner:
    """A stranger who has one of everything too; what is refused does not change that."""
    return await furnish(await place.an_owner(), place.resources, place.database_url)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Everything logged so far, at the most talkative level."""
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        log.configure(Log(level="DEBUG"))
    yield written.getvalue
    log.configure(Log(level="WARNING"))
