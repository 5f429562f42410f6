"""Files that are fetched from an address, from a real server with a throwaway certificate."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.core.settings import Settings, Webhooks
from app.main import create_app
from tests.conftest import Tenant
from tests.imports.imports_making import (
    Ended,
    Site,
    as_csv,
    ended,
    get,
    listed,
    order_upload,
    retried,
    text_of,
    working,
)
from tests.imports.uploads_making import Json
from tests.outbound.servers import Authority, Server, saying, serving

ROWS = as_csv(["email"], [["a@example.com"], ["bad"], ["b@example.com"]])
SECRETS = {"X-Token": "whisper", "Authorization": "Bearer hush"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("authority")
    return Authority(folder)


@asynccontextmanager
async def trusting(
    settings: Settings, tenant: Tenant, authority: Authority, *, allow_private: bool = True
) -> AsyncIterator[Site]:
    """The account, seen through an application that believes this authority."""
    shown = authority.folder / "authority.pem"
    shown.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    webhooks = Webhooks(allow_private=allow_private, ca_file=str(shown))
    app = create_app(settings.model_copy(update={"webhooks": webhooks}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://penstock",
            headers={"Authorization": f"Bearer {tenant.key}"},
        ) as http,
    ):
        yield Site(http, app.state.resources, tenant.account_id)


async def fetched(site: Site, server: Server, **fields: object) -> Ended:
    source = {"url": server.at("localhost"), "headers": SECRETS}
    upload = await order_upload(site, b"", object="people", source=source, **fields)
    async with working(site):
        return await ended(site, upload)


@pytest.mark.parametrize("content", [ROWS, gzip.compress(ROWS)], ids=["plain", "packed"])
async def test_a_file_is_fetched_with_its_headers(
    tenant: Tenant, settings: Settings, authority: Authority, content: bytes
) -> None:
    async with (
        serving(saying("200 OK", content), authority.server_for("localhost")) as server,
        trusting(settings, tenant, authority) as site,
    ):
        done = await fetched(site, server)
        child = await retried(site, done.run)

    assert done.counts == (3, 2, 1, 0, 0)
    assert (done.upload["state"], done.upload["size_bytes"]) == ("JobComplete", len(content))
    (heard,) = server.heard
    assert heard.startswith("GET /rows.csv?day=1 HTTP/1.1\r\n")
    for name, value in SECRETS.items():
        assert f"{name}: {value}\r\n".lower() in heard.lower()
    assert child.counts == (1, 0, 1, 0, 0)


async def test_where_it_came_from_is_never_shown(
    tenant: Tenant, settings: Settings, authority: Authority
) -> None:
    async with (
        serving(saying("500 Oops", b"whisper"), authority.server_for("localhost")) as server,
        trusting(settings, tenant, authority) as site,
    ):
        done = await fetched(site, server)
        shown = [
            *(str(done.run), str(done.upload), str(await listed(site, "uploads"))),
            *(str(await listed(site, "runs")), str((await get(site, "uploads"))["items"])),
            await text_of(site, done.upload, "failed"),
        ]

    assert done.upload["has_source"] is True
    for secret in ("localhost", str(server.port), "rows.csv", "whisper", "hush"):
        assert not any(secret in text for text in shown), secret


async def is_refused(site: Site, done: Ended, code: str) -> Json:
    assert (done.run["state"], done.upload["state"]) == ("failed", "Failed")
    assert done.run["error"]["code"] == done.upload["error"]["code"] == code, done.run["error"]
    assert done.run["total"] is None
    assert await listed(site, "people") == []
    error: Json = done.run["error"]
    return error


async def test_an_inner_address_is_refused_unless_allowed(
    tenant: Tenant, settings: Settings, authority: Authority
) -> None:
    async with (
        serving(saying("200 OK", ROWS), authority.server_for("localhost")) as server,
        trusting(settings, tenant, authority, allow_private=False) as site,
    ):
        await is_refused(site, await fetched(site, server), "address_refused")

    assert server.heard == []


@pytest.mark.parametrize("status", ["404 Not Found", "302 Found", "500 Oops"])
async def test_another_answer_than_200_fails_the_run(
    tenant: Tenant, settings: Settings, authority: Authority, status: str
) -> None:
    async with (
        serving(saying(status, ROWS), authority.server_for("localhost")) as server,
        trusting(settings, tenant, authority) as site,
    ):
        error = await is_refused(site, await fetched(site, server), "fetch_failed")

    assert status[:3] in error["detail"]


async def test_a_server_that_nobody_vouches_for_is_not_believed(
    tenant: Tenant, settings: Settings, authority: Authority, tmp_path: Path
) -> None:
    strangers = Authority(tmp_path)
    async with (
        serving(saying("200 OK", ROWS), strangers.server_for("localhost")) as server,
        trusting(settings, tenant, authority) as site,
    ):
        error = await is_refused(site, await fetched(site, server), "not_reached")

    assert "certificate" in error["detail"]
    assert server.heard == []


async def test_what_was_announced_is_checked_of_a_fetched_file_too(
    tenant: Tenant, settings: Settings, authority: Authority
) -> None:
    async with (
        serving(saying("200 OK", ROWS), authority.server_for("localhost")) as server,
        trusting(settings, tenant, authority) as site,
    ):
        await is_refused(site, await fetched(site, server, expected_rows=4), "rows_differ")
        await is_refused(site, await fetched(site, server, sha256="ab" * 32), "content_differs")
