"""The content of uploads: raw bodies of any size, in as many requests as it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from app.accounts.caller import Held, Writer
from app.accounts.transaction import Repeatable, Tx
from app.core.errors import OutOfRoom
from app.core.files.errors import FilesUnavailable, StorageFull
from app.core.middleware import BodyLimit, extra_headers
from app.core.problems import ValidationFailed, problems
from app.core.routes import Route
from app.core.values import Plain
from app.imports.uploads import queries, rules
from app.imports.uploads.at_once import Body, import_at_once
from app.imports.uploads.errors import (
    ContentDigestDiffers,
    ContentEncodingRefused,
    InvalidUpload,
    NotOffsetContent,
    OtherWriter,
    SenderSilent,
    TooManyImports,
    TusVersionDiffers,
    UploadHasSource,
    UploadNotFound,
    UploadNotOpen,
    WrongOffset,
)
from app.imports.uploads.receiving import Content, open_content
from app.imports.uploads.schemas import ImportQuery, UploadRead

router = APIRouter(tags=["uploads"], route_class=Route)

OFFSET = "Upload-Offset"
_TUS, _TUS_VERSION = "Tus-Resumable", "1.0.0"
_OFFSET_CONTENT = "application/offset+octet-stream"

Offset = Annotated[
    int | None,
    Header(alias=OFFSET, ge=0, le=2**53 - 1, description="Where this part of the content begins."),
]
ContentDigest = Annotated[
    Plain | None,
    Header(
        alias="Content-Digest",
        max_length=1_000,
        description="`sha-256=:…:` of this body (RFC 9530); if it differs, none of it is kept.",
    ),
]
Digest = Annotated[
    Plain | None, Header(max_length=1_000, description="The same as `sha-256=…`, as it was before.")
]
Encoding = Annotated[
    Plain | None,
    Header(
        alias="Content-Encoding",
        max_length=100,
        description="`gzip`: the file is packed, and is kept so.",
    ),
]

_REFUSALS = problems(
    *(UploadNotFound, UploadNotOpen, UploadHasSource, WrongOffset, OtherWriter),
    *(ContentDigestDiffers, InvalidUpload, SenderSilent, StorageFull, FilesUnavailable),
)
_AT = {OFFSET: {"description": "Bytes kept so far.", "schema": {"type": "integer"}}}


def raw(media_type: str = "application/octet-stream") -> dict[str, Any]:
    """The request body's part of the document, for a body that is taken as it is."""
    schema = {"type": "string", "format": "binary"}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


@router.put(
    "/uploads/{upload_id}/content",
    status_code=204,
    responses=_REFUSALS
    | problems(ContentEncodingRefused)
    | {204: {"description": "Kept, up to the byte in Upload-Offset.", "headers": _AT}},
    openapi_extra=raw(),
)
async def put_content(
    request: Request,
    upload_id: UUID,
    caller: Writer,
    resources: Held,
    offset: Offset = None,
    content_digest: ContentDigest = None,
    digest: Digest = None,
    encoding: Encoding = None,
) -> Response:
    """Send the content of an upload, whole or, with Upload-Offset, from a byte on.

    Any content type is taken. What came before a connection broke is kept: `HEAD` says how much,
    and the next request goes on there. Without Upload-Offset the content begins anew.
    """
    with _telling_offset(request):
        content = await open_content(
            resources, caller.account_id, upload_id, offset=offset, encoding=encoding
        )
    return await _take(request, content, rules.digest_in(content_digest, digest))


@router.patch(
    "/uploads/{upload_id}/content",
    status_code=204,
    responses=_REFUSALS
    | problems(NotOffsetContent, TusVersionDiffers)
    | {204: {"description": "Kept, up to the byte in Upload-Offset.", "headers": _AT}},
    openapi_extra=raw(_OFFSET_CONTENT),
)
async def append_content(
    request: Request,
    upload_id: UUID,
    caller: Writer,
    resources: Held,
    offset: Offset = None,
    tus: Annotated[str | None, Header(alias=_TUS, description="`1.0.0`, if given.")] = None,
    content_digest: ContentDigest = None,
) -> Response:
    """Send the next part of the content, as clients of the tus protocol 1.0 do."""
    extra_headers(request.scope)[_TUS] = _TUS_VERSION
    with _telling_offset(request):
        # A part says where it belongs; -1 is nowhere.
        content = await open_content(
            resources, caller.account_id, upload_id, offset=-1 if offset is None else offset
        )
    if tus not in (None, _TUS_VERSION):
        extra_headers(request.scope)["Tus-Version"] = _TUS_VERSION
        raise TusVersionDiffers
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _OFFSET_CONTENT:
        raise NotOffsetContent
    return await _take(request, content, rules.digest_in(content_digest, None))


@router.head(
    "/uploads/{upload_id}/content",
    responses=problems(UploadNotFound)
    | {200: {"description": "Content goes on at the byte in Upload-Offset.", "headers": _AT}},
    response_class=Response,
)
async def head_content(upload_id: UUID, caller: Writer, tx: Tx) -> Response:
    """Say how much of the content is kept: where an interrupted upload goes on."""
    upload = await queries.get_upload(tx, caller.account_id, upload_id)
    return Response(
        headers={
            OFFSET: str(upload.size_bytes),
            _TUS: _TUS_VERSION,
            "Cache-Control": "no-store",
        }
    )


@router.post(
    "/imports",
    status_code=202,
    response_model=UploadRead,
    responses=problems(
        *(ValidationFailed, InvalidUpload, ContentDigestDiffers, ContentEncodingRefused),
        *(TooManyImports, SenderSilent, StorageFull, FilesUnavailable, OtherWriter, UploadNotOpen),
    ),
    openapi_extra=raw(),
)
async def import_file(
    request: Request,
    wanted: Annotated[ImportQuery, Query()],
    caller: Writer,
    resources: Held,
    content_digest: ContentDigest = None,
    digest: Digest = None,
    encoding: Encoding = None,
    key: Repeatable = None,
) -> Response:
    """Upload a file and start its import in one call; a body that breaks off starts nothing.

    Any content type is taken. Those of NDJSON and of tab-separated values say what the file is,
    unless the address does.
    """
    order = wanted.order(request.headers.get("content-type", ""))
    rules.check_encoding(encoding, order.format.compression)
    request.scope[BodyLimit.MAX_BODY] = resources.settings.imports.max_bytes
    body = Body(request, rules.digest_in(content_digest, digest), key)
    return await import_at_once(resources, caller, order, body)


async def _take(request: Request, content: Content, digest: bytes | None) -> Response:
    request.scope[BodyLimit.MAX_BODY] = content.room
    try:
        await content.take(request.stream(), digest=digest)
    except (OutOfRoom, ContentDigestDiffers, SenderSilent):
        extra_headers(request.scope)[OFFSET] = str(content.kept)
        raise
    return Response(status_code=204, headers={OFFSET: str(content.kept)})


@contextmanager
def _telling_offset(request: Request) -> Iterator[None]:
    try:
        yield
    except WrongOffset as error:
        extra_headers(request.scope)[OFFSET] = str(error.facts["kept"])
        raise
