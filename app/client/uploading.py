"""Bringing a file to the API, however often the connection breaks, and starting its import once.

open_upload ─▶ Open ─▶ send_content ──(HEAD tells where to go on)──▶ start ─▶ a run
                                                                       │ no answer: look first
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
from pydantic import BaseModel

from app.client.api import Api
from app.client.errors import FileDiffers, NotPenstock, NotStarted, Refused
from app.client.ledger import Trouble
from app.client.patience import Unanswered
from app.client.source import Source

# One request: long enough to cost nothing, short enough for the end of an API's process to wait
# for it. By default the API keeps pieces of half this size, so what a broken one brought is there.
_PIECE_BYTES = 16 * 2**20
_ELSEWHERE = {"wrong_offset", "other_writer"}
_OFFSET = "Upload-Offset"
_OPEN = "Open"


class Upload(BaseModel):
    """An upload as the API shows it; what this command has no use for is left out."""

    id: str
    state: str
    size_bytes: int = 0
    sha256: str | None = None
    run_id: str | None = None
    error: Trouble | None = None


def open_upload(api: Api, order: dict[str, Any], source: Source) -> Upload:
    """Open an upload for this file; repeated under one key, so there is only ever one."""
    return api.ask(
        Upload,
        "/v1/uploads",
        method="POST",
        json={**order, "sha256": source.sha256},
        headers={"Idempotency-Key": uuid4().hex},
    )


def resume(api: Api, upload_id: str, source: Source) -> Upload:
    """The upload that was begun with this file.

    Raises:
        FileDiffers: it was begun with another.
        NotStarted: it has ended without an import.
    """
    upload = api.ask(Upload, f"/v1/uploads/{upload_id}")
    if upload.size_bytes > source.size_bytes:
        raise FileDiffers(name=source.name, why=f"of that, {upload.size_bytes:,} bytes are there")
    if upload.sha256 not in (None, source.sha256):
        raise FileDiffers(name=source.name, why="the SHA-256 is another")
    if upload.state != _OPEN:
        _run_of(upload)
    return upload


def send_content(
    api: Api, upload: Upload, source: Source, sent: Callable[[int], None], *, is_new: bool
) -> None:
    """Send what is not there yet; `sent` is told how many bytes are.

    Raises:
        GaveUp: no byte more has arrived for too long.
        FileDiffers: the file changes while it is sent.
    """
    path = f"/v1/uploads/{upload.id}/content"
    kept: int | None = 0 if is_new else None
    most = 0
    while kept is None or kept < source.size_bytes:
        try:
            if kept is None:
                kept = _offset(api, api.once("HEAD", path))
            else:
                kept = _put(api, path, source, kept, sent)
        except Unanswered as silence:
            api.patience.wait(silence)
            kept = None
            continue
        sent(kept)
        # An API that tells the offset and takes nothing is silent all the same.
        if kept > most:
            most = kept
            api.patience.heard()
    if kept > source.size_bytes:
        raise FileDiffers(name=source.name, why=f"of that, {kept:,} bytes are there")


def start(api: Api, upload_id: str) -> str:
    """Start the import and return its run; never asked for again where it may have started.

    Raises:
        NotStarted: somebody has aborted it meanwhile.
    """
    path = f"/v1/uploads/{upload_id}"
    may_ask = True
    while True:
        try:
            if may_ask:
                asked = api.read(Upload, _complete(api, path))
                api.patience.heard()
                return _run_of(asked)
            found = api.read(Upload, api.once("GET", path))
            if found.state != _OPEN:
                api.patience.heard()
                return _run_of(found)
            may_ask = True
        except Unanswered as silence:
            api.patience.wait(silence)
            may_ask = False


def _put(api: Api, path: str, source: Source, first_byte: int, sent: Callable[[int], None]) -> int:
    length = min(_PIECE_BYTES, source.size_bytes - first_byte)

    def body() -> Any:
        at = first_byte
        for block in source.blocks(first_byte, length):
            yield block
            at += len(block)
            sent(at)

    headers = {
        _OFFSET: str(first_byte),
        "Content-Length": str(length),
        "Content-Type": "application/octet-stream",
    }
    try:
        return _offset(api, api.once("PUT", path, content=body(), headers=headers))
    except Refused as refusal:
        if refusal.code not in _ELSEWHERE:
            raise
        # E.g. what was sent before the connection broke is still being written.
        raise Unanswered(f"The content goes on elsewhere ({refusal.code})") from refusal


def _complete(api: Api, path: str) -> httpx.Response:
    """A twin of this request may have won, so a conflict is answered by a look."""
    try:
        return api.once("PATCH", path, json={"state": "UploadComplete"})
    except Refused as refusal:
        if refusal.status != 409:
            raise
        answer = api.once("GET", path)
        if api.read(Upload, answer).run_id is None:
            raise
        return answer


def _run_of(upload: Upload) -> str:
    if upload.run_id is None:
        detail = f"{upload.error.code}: {upload.error.detail}" if upload.error else ""
        raise NotStarted(upload_id=upload.id, state=upload.state, detail=detail)
    return upload.run_id


def _offset(api: Api, answer: httpx.Response) -> int:
    try:
        return int(answer.headers[_OFFSET])
    except (KeyError, ValueError) as error:
        raise NotPenstock(url=api.url, why=f"no {_OFFSET}") from error
