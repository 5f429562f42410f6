"""The transaction of a request, and its repeat.

With an `Idempotency-Key`, the key's row is inserted first and the answer is stored last, both in
the transaction of the effect:

    insert key ──▶ savepoint: the effect ──▶ store the answer ──▶ commit
         │              └ refused (4xx): back to the savepoint, store the refusal, commit
         └ taken: wait for the twin at most 2 s ──▶ its stored answer · 409 · 422 other content
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request
from starlette.responses import Response

from app.accounts import idempotency
from app.accounts.caller import Held, Identified
from app.accounts.idempotency import Claim
from app.core import clock
from app.core.db import Session
from app.core.errors import AppError, Unavailable
from app.core.problems import render
from app.core.values import Plain

Repeatable = Annotated[
    Plain | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,  # an empty one would be everybody's, and its repeats lost
        max_length=255,
        description="Repeat a POST under the same key and it has its effect once.",
    ),
]


async def _transaction(
    request: Request, resources: Held, caller: Identified, key: Repeatable = None
) -> AsyncIterator[Session]:
    if key is None or request.method != "POST":
        async with resources.unit_of_work(caller.account_id) as session:
            yield session
        return
    refused: AppError | None = None
    async with resources.unit_of_work(caller.account_id) as session:
        claim = await claimed(session, request, caller.account_id, key)
        try:
            async with session.begin_nested():
                yield session
        except Unavailable:
            raise
        except AppError as error:
            refused = error
        answer: Response = render(refused) if refused else request.state.answer
        kept = getattr(request.state, "answer_without_secrets", None)
        await idempotency.keep(session, claim, answer, kept or bytes(answer.body))
    if refused:
        raise refused


async def claimed(session: Session, request: Request, account_id: UUID, key: str) -> Claim:
    """Claim the request's key in this transaction, for routes that open their own.

    Raises:
        Replayed, RequestInProgress, IdempotencyKeyReused: see `idempotency.claim`.
    """
    claim = Claim(account_id, request.method, request.url.path, key)
    digest = idempotency.digest(await request.body(), request.url.query)
    await idempotency.claim(session, claim, request_digest=digest)
    return claim


# scope="function": commit before the answer leaves, so a failed commit is a 500, never a 201.
Tx = Annotated[Session, Depends(_transaction, scope="function")]


async def _now(session: Tx) -> datetime:
    return clock.business_now(session)


Now = Annotated[datetime, Depends(_now, scope="function")]
