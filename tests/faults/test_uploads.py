"""Uploads to an API that dies, whose disk is full, and whose memory is watched."""

import asyncio
import hashlib
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.demo.sending import connecting
from tests.faults.ground import Ground
from tests.faults.processes import Process, kill, until
from tests.ports import free_port

MIB = 2**20
CHUNK = 64 * 1024


async def an_upload(http: httpx.AsyncClient) -> str:
    """The path of a new upload's content."""
    made = await http.post("/v1/uploads", json={"object": "people"})
    assert made.status_code == 201, made.text
    return f"/v1/uploads/{made.json()['id']}/content"


async def offset_at(http: httpx.AsyncClient, path: str) -> int:
    return int((await http.head(path)).headers["Upload-Offset"])


async def chunks_of(content: bytes, start: int = 0) -> AsyncIterator[bytes]:
    for at in range(start, len(content), CHUNK):
        yield content[at : at + CHUNK]


async def content_of(ground: Ground, files: Path) -> bytes:
    """What is kept of the only upload, by the tables and the disk."""
    pieces = await ground.fetch("SELECT * FROM upload_pieces ORDER BY first_byte")
    whole = b""
    for piece in pieces:
        assert piece["first_byte"] == len(whole)
        found = (files / piece["name"]).read_bytes()
        assert len(found) == piece["size_bytes"]
        whole += found
    return whole


async def test_an_upload_goes_on_where_the_api_was_killed(ground: Ground, tmp_path: Path) -> None:
    port, content = free_port(), os.urandom(40 * MIB)
    api = await ground.processes.api(port)
    connect = connecting(f"http://127.0.0.1:{port}", ground.keys.of["acme", "marketo"])

    async def until_killed() -> AsyncIterator[bytes]:
        async for chunk in chunks_of(content[: 30 * MIB]):
            yield chunk
        # What was sent may still lie between the two of them.
        await until(are_two_pieces_kept)
        await kill(api)

    async def are_two_pieces_kept() -> bool:
        return await ground.count("SELECT count(*) FROM upload_pieces") >= 2

    async with connect() as http:
        path = await an_upload(http)
        with pytest.raises(httpx.TransportError):
            await http.put(path, content=until_killed())
    await ground.processes.api(port)
    async with connect() as http:
        offset = await offset_at(http, path)
        rest = await http.put(
            path, content=chunks_of(content, offset), headers={"Upload-Offset": str(offset)}
        )

    assert offset in (16 * MIB, 24 * MIB)
    assert rest.headers["Upload-Offset"] == str(len(content))
    kept = await content_of(ground, tmp_path / "files")
    assert hashlib.sha256(kept).digest() == hashlib.sha256(content).digest()


@pytest.mark.parametrize(("moment", "kept_pieces"), [("before_commit", 2), ("after_commit", 3)])
async def test_at_the_commit_of_a_piece_it_is_kept_whole_or_not_at_all(
    ground: Ground, tmp_path: Path, moment: str, kept_pieces: int
) -> None:
    """The transactions of a process: the upload, its opening, one a piece."""
    port, content = free_port(), os.urandom(5 * MIB)
    told = {"PENSTOCK_SANDBOX": "true", "PENSTOCK_IMPORTS__PIECE": "1MiB"}
    await ground.processes.api(port, PENSTOCK_FAILPOINT=f"request.{moment}:5", **told)
    connect = connecting(f"http://127.0.0.1:{port}", ground.keys.of["acme", "marketo"])
    async with connect() as http:
        path = await an_upload(http)
        with pytest.raises(httpx.TransportError):
            await http.put(path, content=chunks_of(content))
    await ground.processes.api(port, **told)
    async with connect() as http:
        offset = await offset_at(http, path)

        assert offset == kept_pieces * MIB
        assert await content_of(ground, tmp_path / "files") == content[:offset]
        await http.put(
            path, content=chunks_of(content, offset), headers={"Upload-Offset": str(offset)}
        )
    assert await content_of(ground, tmp_path / "files") == content


async def test_what_came_before_the_connection_broke_is_kept(
    ground: Ground, tmp_path: Path
) -> None:
    port, content = free_port(), os.urandom(10 * MIB)
    await ground.processes.api(port)
    connect = connecting(f"http://127.0.0.1:{port}", ground.keys.of["acme", "marketo"])

    async def torn() -> AsyncIterator[bytes]:
        async for chunk in chunks_of(content):
            yield chunk
        raise ConnectionAbortedError("the cable")

    async with connect() as http:
        path = await an_upload(http)
        with pytest.raises(ConnectionAbortedError):
            await http.put(path, content=torn())
    async with connect() as http:

        async def has_the_part() -> bool:
            return await offset_at(http, path) > 8 * MIB

        await until(has_the_part)
        offset = await offset_at(http, path)

    assert await content_of(ground, tmp_path / "files") == content[:offset]


def can_mount() -> bool:
    tried = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not can_mount(), reason="this host lets nobody mount a small disk")
async def test_a_full_disk_is_507_and_nothing_is_torn(ground: Ground, tmp_path: Path) -> None:
    port, files = free_port(), tmp_path / "small"
    files.mkdir()
    mounted = f'mount -t tmpfs -o size=20m none {files} && exec "$@"'
    await ground.processes.api(
        port,
        through=["unshare", "-rm", "sh", "-c", mounted, "sh"],
        PENSTOCK_FILES__URL=f"file:{files}",
    )
    connect = connecting(f"http://127.0.0.1:{port}", ground.keys.of["acme", "marketo"])
    async with connect() as http:
        path = await an_upload(http)
        full = await http.put(path, content=chunks_of(bytes(24 * MIB)))
        offset = (await http.head(path)).headers["Upload-Offset"]
        second = await an_upload(http)
        also_full = await http.put(second, content=chunks_of(bytes(8 * MIB)))
        await http.patch(path.removesuffix("/content"), json={"state": "Aborted"})

        async def has_room() -> bool:
            roomy = await http.put(second, content=chunks_of(bytes(8 * MIB)))
            return roomy.status_code == 204

        await until(has_room)

    assert (full.status_code, full.json()["code"]) == (507, "storage_full")
    assert full.headers["Retry-After"] == "60"
    assert offset == full.headers["Upload-Offset"] == str(16 * MIB)
    assert also_full.status_code == 507


async def peak_of(process: Process, deed: asyncio.Task[Any]) -> int:
    """The most memory that a process had while something was done."""
    seen, peak = psutil.Process(process.pid), 0
    while not deed.done():
        peak = max(peak, seen.memory_info().rss)
        await asyncio.sleep(0.01)
    await deed
    return peak


async def test_memory_does_not_grow_with_the_file(ground: Ground) -> None:
    port = free_port()
    api = await ground.processes.api(port)
    connect = connecting(f"http://127.0.0.1:{port}", ground.keys.of["acme", "marketo"])
    block = os.urandom(CHUNK)

    async def large(size: int) -> AsyncIterator[bytes]:
        for _ in range(0, size, CHUNK):
            yield block

    async with connect() as http:

        async def send(size: int) -> None:
            answer = await http.put(await an_upload(http), content=large(size))
            assert answer.headers["Upload-Offset"] == str(size)

        await send(10 * MIB)
        before = psutil.Process(api.pid).memory_info().rss
        peak = await peak_of(api, asyncio.create_task(send(300 * MIB)))

    assert peak - before < 30 * MIB
