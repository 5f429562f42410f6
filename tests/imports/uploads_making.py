"""Uploads and their contents, as a sender makes them."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx
from sqlmodel import col, select
from starlette.requests import ClientDisconnect

from app.core.resources import Resources
from app.core.settings import Imports, Limits, Settings
from app.imports import runs
from app.imports.uploads import queries
from app.imports.uploads.source import Source, unsealed
from app.main import create_app
from app.models import UploadPiece
from app.models.states import RunState
from tests.conftest import Tenant

Json = dict[str, Any]
PEOPLE = b"email,title\nada@example.com,VP Engineering\ngrace@example.com,Admiral\n"


async def an_upload(http: httpx.AsyncClient, **fields: Any) -> Json:
    """An open upload of people, unless told otherwise."""
    answer = await http.post("/v1/uploads", json={"object": "people", **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def put(
    http: httpx.AsyncClient, upload: Json, content: bytes | AsyncIterator[bytes], **headers: str
) -> httpx.Response:
    """Send content; `upload_offset=3` is the header `Upload-Offset: 3`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await http.put(f"/v1/uploads/{upload['id']}/content", content=content, headers=named)


async def become(http: httpx.AsyncClient, upload: Json, state: str) -> httpx.Response:
    return await http.patch(f"/v1/uploads/{upload['id']}", json={"state": state})


async def read(http: httpx.AsyncClient, upload: Json) -> Json:
    answer = await http.get(f"/v1/uploads/{upload['id']}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def offset_of(http: httpx.AsyncClient, upload: Json) -> int:
    answer = await http.head(f"/v1/uploads/{upload['id']}/content")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


async def pieces_of(resources: Resources, tenant: Tenant, upload: Json) -> list[UploadPiece]:
    """What the tables say the content consists of."""
    async with resources.unit_of_work(tenant.account_id) as session:
        found = await session.exec(
            select(UploadPiece)
            .where(
                col(UploadPiece.account_id) == tenant.account_id,
                col(UploadPiece.upload_id) == UUID(upload["id"]),
            )
            .order_by(col(UploadPiece.first_byte))
        )
        return list(found.all())


async def content_of(resources: Resources, tenant: Tenant, upload: Json) -> bytes:
    """The content as its reader will find it, seamless."""
    pieces = await pieces_of(resources, tenant, upload)
    whole = b""
    for piece in pieces:
        assert piece.first_byte == len(whole)
        whole += b"".join([block async for block in resources.files.read(piece.name)])
        assert piece.size_bytes == len(whole) - piece.first_byte
    return whole


async def source_of(resources: Resources, tenant: Tenant, upload: Json) -> Source:
    """Where the content is to be fetched from, as the worker will read it."""
    account_id, upload_id = tenant.account_id, UUID(upload["id"])
    async with resources.unit_of_work(account_id) as session:
        kept = (await queries.get_upload(session, account_id, upload_id)).source
    assert kept is not None
    return unsealed(kept, resources.settings.secret_key.get_secret_value(), account_id, upload_id)


async def end_run(
    resources: Resources, tenant: Tenant, upload: Json, state: RunState, **error: tuple[str, str]
) -> None:
    """End the upload's run, as a worker would."""
    account_id, upload_id = tenant.account_id, UUID(upload["id"])
    async with resources.unit_of_work(account_id) as session:
        run_id = (await queries.get_upload(session, account_id, upload_id)).run_id
        assert run_id is not None
        await runs.finish(session, account_id, run_id, state, **error)


def digest_of(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


async def in_chunks(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def broken_off(*chunks: bytes) -> AsyncIterator[bytes]:
    """A body whose sender breaks off in the middle, as the server sees it."""
    for chunk in chunks:
        yield chunk
    raise ClientDisconnect


async def held_back(first: bytes, go_on: asyncio.Event) -> AsyncIterator[bytes]:
    """A body whose sender pauses until told."""
    yield first
    await go_on.wait()
    yield b" and the rest"


def id_of(upload: Json) -> UUID:
    return UUID(upload["id"])


def files_of(settings: Settings, tenant: Tenant) -> list[Path]:
    """What lies in the store for an account."""
    root = Path(settings.files.url.removeprefix("file:")) / "uploads" / str(tenant.account_id)
    return [path for path in root.rglob("*") if path.is_file()]


class Place(NamedTuple):
    """Where an account is looked at."""

    http: httpx.AsyncClient
    resources: Resources


@asynccontextmanager
async def seen_with(settings: Settings, tenant: Tenant, **imports: Any) -> AsyncIterator[Place]:
    """The same account, seen through an application with other settings of imports."""
    told = {"imports": Imports(**imports), "limits": Limits(others=100_000)}
    app = create_app(settings.model_copy(update=told))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://penstock",
            headers={"Authorization": f"Bearer {tenant.key}"},
        ) as http,
    ):
        yield Place(http, app.state.resources)
