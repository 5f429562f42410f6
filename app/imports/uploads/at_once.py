"""An upload opened, filled and completed by one request.

open ──▶ content, piece by piece ──▶ [key claimed] complete, start, [answer stored] ──▶ answer
           └ broken off, refused, answered before: aborted, its content forgotten
"""

import contextlib
from typing import NamedTuple
from uuid import UUID

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app.accounts import idempotency
from app.accounts.caller import Caller
from app.accounts.idempotency import Claim
from app.core import clock
from app.core.errors import Fault
from app.core.resources import Resources
from app.imports.uploads import forgetting, queries, service
from app.imports.uploads.errors import InvalidUpload
from app.imports.uploads.receiving import open_content
from app.imports.uploads.schemas import UploadCreate


class Body(NamedTuple):
    """What comes, its SHA-256 if the sender told, and the key under which it may come again."""

    request: Request
    digest: bytes | None
    key: str | None


async def import_at_once(
    resources: Resources, caller: Caller, order: UploadCreate, body: Body
) -> Response:
    """Take in a file and queue its import; the answer to that.

    Raises:
        Replayed, RequestInProgress, IdempotencyKeyReused: see `idempotency.claim`.
        TooManyImports: so many wait; looked at before the body is read, and again after it.
        InvalidUpload: the order makes no sense.
        and what `Content.take` raises.
    """
    account_id, most = caller.account_id, resources.settings.imports.waiting
    claim = _claim_of(account_id, body)
    async with resources.unit_of_work(account_id) as session:
        # A repeat starts nothing, and has its answer even when there is no more room.
        if claim is None or not await queries.is_repeat(session, claim):
            await service.check_room(session, account_id, most=most)
        now = clock.business_now(session)
        try:
            upload = await service.create(session, caller, order, resources.settings, now=now)
        except InvalidUpload as error:
            raise _in_the_address(error) from None
    try:
        content = await open_content(resources, account_id, upload.id, offset=None)
        sha256 = await content.take(body.request.stream(), digest=body.digest)
        async with resources.unit_of_work(account_id) as session:
            if claim is not None:
                # The content itself is long gone from memory; its digest stands for it.
                said = body.request.headers.get("content-type", "").encode() + b"\n" + sha256
                digest = idempotency.digest(said, body.request.url.query)
                await idempotency.claim(session, claim, request_digest=digest)
            upload = await service.complete(
                session,
                account_id,
                upload.id,
                by=caller.user,
                most=most,
                now=clock.business_now(session),
            )
            (shown,) = await service.read(session, account_id, [upload])
            headers = {"Location": f"/v1/runs/{upload.run_id}", "Retry-After": "1"}
            answer = JSONResponse(shown.model_dump(mode="json"), 202, headers)
            if claim is not None:
                await idempotency.keep(session, claim, answer, bytes(answer.body))
    except BaseException:
        # If this fails too, the upload is open and expires; the first error is the one to tell.
        with contextlib.suppress(Exception):
            await forgetting.discard(resources, account_id, upload.id)
        raise
    return answer


def _claim_of(account_id: UUID, body: Body) -> Claim | None:
    if body.key is None:
        return None
    return Claim(account_id, body.request.method, body.request.url.path, body.key)


def _in_the_address(error: InvalidUpload) -> InvalidUpload:
    """What is wrong stands in the query here, not in a body."""
    return InvalidUpload(
        faults=[
            Fault("?" + fault.pointer.removeprefix("/"), fault.code, fault.detail)
            for fault in error.faults
        ]
    )
