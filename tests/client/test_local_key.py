"""The key that a command makes for itself beside a stack, and only for that stack."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from app.accounts.provision import issue_key
from app.accounts.queries import find_account
from app.client.local_key import which
from app.core import clock
from app.core.auth import Scope
from app.core.ids import uuid7
from app.core.resources import Resources
from app.embedded.datadir import DataDir
from app.embedded.lock import held
from app.embedded.state import StackState
from app.models import ApiKey
from tests.client.commands import penstock
from tests.client.service import Says, Service
from tests.conftest import Tenant


@pytest.fixture
async def stack(
    service: Service, database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[int]:
    """A data directory as that of a stack that is up, with the suite's database; yields a pid."""
    data_dir = DataDir.open_at(tmp_path / ".penstock")
    data_dir.secrets()
    pid = os.getpid()
    async with held(data_dir.lock, "stack"):
        StackState(pid, service.url, database_url, redis_url).write(data_dir.state)
        yield pid


async def keys_of(resources: Resources, account: str) -> list[ApiKey]:
    async with resources.look() as connection:
        account_id = await find_account(connection, account)
    assert account_id
    async with resources.unit_of_work(account_id) as session:
        found = select(ApiKey).where(col(ApiKey.account_id) == account_id)
        return list((await session.exec(found.order_by(col(ApiKey.id)))).all())


async def test_a_key_is_made_for_the_command_and_revoked_after_it(
    stack: int, service: Service, small: Path, tmp_path: Path, tenant: Tenant, resources: Resources
) -> None:
    began = clock.real_now()
    service.says["POST"] = [Says(403, "missing_scope")]

    ended = await asyncio.to_thread(
        penstock, "import", str(small), "--account", tenant.name,
        key=None, cwd=tmp_path,
    )  # fmt: skip

    _, made = await keys_of(resources, tenant.name)
    assert ended.returncode == 1
    assert "missing_scope" in ended.stderr
    assert service.counted("POST") == 1
    assert set(made.scopes) == {Scope.INGEST, Scope.READ}
    assert made.revoked_at
    assert made.expires_at
    assert made.expires_at <= began + timedelta(hours=25)


async def test_a_key_is_never_shown_to_another_address(
    stack: int, service: Service, small: Path, tmp_path: Path, tenant: Tenant, resources: Resources
) -> None:
    elsewhere = service.url.replace("127.0.0.1", "localhost")

    ended = await asyncio.to_thread(
        penstock, "import", str(small), "--account", tenant.name, "--url", elsewhere,
        key=None, cwd=tmp_path,
    )  # fmt: skip

    assert ended.returncode == 2
    assert f"for {service.url} only" in ended.stderr
    assert service.seen == []
    assert len(await keys_of(resources, tenant.name)) == 1


async def test_an_account_that_is_not_there_is_not_made(
    stack: int, service: Service, tmp_path: Path, resources: Resources
) -> None:
    name = f"nobody {uuid7().hex}"

    ended = await asyncio.to_thread(
        penstock, "runs", "list", "--account", name, key=None, cwd=tmp_path
    )

    async with resources.look() as connection:
        assert await find_account(connection, name) is None
    assert ended.returncode == 2
    assert f"There is no account '{name}' here" in ended.stderr


async def test_of_several_accounts_one_has_to_be_named(
    stack: int, service: Service, tmp_path: Path, resources: Resources
) -> None:
    for name in (f"one {uuid7().hex}", f"two {uuid7().hex}"):
        await issue_key(resources, account=name, user="marketo", scopes=[Scope.READ])

    ended = await asyncio.to_thread(penstock, "runs", "list", key=None, cwd=tmp_path)

    assert ended.returncode == 2
    assert "--account" in ended.stderr
    assert service.seen == []


async def test_what_a_killed_stack_left_behind_is_no_stack(
    service: Service, tmp_path: Path
) -> None:
    data_dir = DataDir.open_at(tmp_path / ".penstock")
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    content = {"pid": process.pid, "url": service.url, "database_url": "", "redis_url": ""}
    data_dir.state.write_text(json.dumps(content))

    ended = await asyncio.to_thread(penstock, "runs", "list", key=None, cwd=tmp_path)

    assert ended.returncode == 2
    assert "penstock up" in ended.stderr


def test_only_some_of_many_accounts_are_named() -> None:
    assert which(["a", "b"], None).endswith(": a, b.")
    assert which([str(n) for n in range(30)], "x").endswith("19, ….")
    assert "no account yet" in which([], None)
