"""Whatever is sent, the answer is one that the document promises, and never a server's error."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from schemathesis import Case, GenerationMode

from app.core.auth import Scope
from app.core.settings import Files, Http, Limits, Settings, Webhooks
from tests.conftest import ACCOUNT_SCOPES
from tests.guards.test_routes import OPERATIONS as PATHS
from tests.walls.databases import a_database
from tests.walls.document import Operation
from tests.walls.fuzzing import BOTH, DOCUMENT, Ground, boundaries_of, key_for, names_for
from tests.walls.serving import running

OPERATIONS = [Operation(path, method) for path, method in PATHS]
# More of them by hand: TEST_SUITE_FUZZ_EXAMPLES=500 pytest tests/walls/test_fuzz.py
EXAMPLES = int(os.environ.get("TEST_SUITE_FUZZ_EXAMPLES", "8"))


@pytest.fixture(scope="session")
async def fuzzed_database_url() -> AsyncIterator[str]:
    """A database of its own: here the clock may be moved by a thousand years."""
    async with a_database() as database_url:
        yield database_url


@pytest.fixture(scope="session")
def ground(
    fuzzed_database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    told = Settings(
        files=Files(url=f"file:{tmp_path_factory.mktemp('files')}"),
        database_url=SecretStr(fuzzed_database_url),
        redis_url=SecretStr(redis_url),
        secret_key=SecretStr("a secret of the test suite, long enough"),
        sandbox=True,
        http=Http(stream_timeout=timedelta(seconds=0.3)),
        limits=Limits(ingest=1_000_000, others=1_000_000),
        webhooks=Webhooks(timeout=timedelta(seconds=0.5)),
    )
    with running(told) as service, requests.Session() as http:
        http.trust_env = False  # or the environment is searched for proxies at every request
        key = service.do(key_for(service, "fuzzed", *ACCOUNT_SCOPES))
        platform = service.do(key_for(service, None, Scope.PLATFORM))
        names = service.do(names_for(service, fuzzed_database_url, key))
        yield Ground(service, http, key, platform, names, fuzzed_database_url)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_at_every_bound_the_answer_is_as_documented(operation: Operation, ground: Ground) -> None:
    names = ground.names.get(operation, [None])
    for number, case in enumerate(boundaries_of(operation)):
        ground.try_out(operation, case, names[number % len(names)])


def modes_of(operation: Operation) -> list[GenerationMode]:
    """Where nothing is taken, nothing can be wrong."""
    return BOTH if operation.takes_anything else [GenerationMode.POSITIVE]


@pytest.mark.parametrize(
    ("operation", "mode"),
    [(operation, mode) for operation in OPERATIONS for mode in modes_of(operation)],
    ids=str,
)
def test_whatever_is_sent_the_answer_is_as_documented(
    operation: Operation, mode: GenerationMode, ground: Ground
) -> None:
    cases = DOCUMENT[operation.path][operation.method].as_strategy(generation_mode=mode)
    names = st.sampled_from([None, *ground.names.get(operation, [])])

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, name=names)
    def all_hold(case: Case[Any], name: tuple[str, ...] | None) -> None:
        ground.try_out(operation, case, name)

    all_hold()
