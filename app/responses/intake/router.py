"""Where responses come in: one, many, or a webhook in its sender's own form."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.accounts import idempotency
from app.accounts.caller import Caller, Held
from app.accounts.errors import IdempotencyKeyReused, RequestInProgress
from app.accounts.ingest import Ingester
from app.accounts.transaction import Repeatable, claimed
from app.core.admission import Admission, wait_for
from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.problems import problems
from app.core.routes import NotJson, Route, read_json
from app.responses.errors import ResponseRejected
from app.responses.intake.answers import answer_batch, answer_one
from app.responses.intake.desk import Desk, IntakeBusy, IntakeFull, count, tried
from app.responses.intake.fold import Outcome
from app.responses.intake.items import Invalid, Item, parse_items
from app.responses.intake.submitting import item_in, list_in, submission_of
from app.responses.intake.transaction import take_in
from app.responses.integrations import service as integrations
from app.responses.integrations.errors import IntegrationNotFound
from app.responses.integrations.schemas import IntegrationName
from app.responses.schemas import BatchRead, ItemResult

router = APIRouter(tags=["responses"], route_class=Route)

_REFUSALS = problems(
    NotJson, ResponseRejected, IntakeFull, IntakeBusy, RequestInProgress, IdempotencyKeyReused
)
_ONE: dict[int | str, dict[str, Any]] = {
    200: {"model": ItemResult, "description": "Duplicate, skipped, or not a response."},
    201: {"model": ItemResult, "description": "Taken in and resolved."},
    202: {"model": ItemResult, "description": "Taken in durably; it will be scored later."},
    **_REFUSALS,
}
_MANY: dict[int | str, dict[str, Any]] = {
    200: {"model": BatchRead, "description": "Every item has its result."},
    202: {"model": BatchRead, "description": "Every item has its result; some are pending."},
    **_REFUSALS,
}


def body_of(schema: str) -> dict[str, Any]:
    """The request body's part of the document, for a body that is checked item by item."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"requestBody": {"required": True, "content": content}}


async def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]
Answer = Callable[[Sequence[Outcome]], Response]


@router.post(
    "/responses",
    response_class=Response,
    responses=_ONE,
    openapi_extra=body_of("ResponseCreate"),
)
async def post_response(
    request: Request, caller: Ingester, desk: AtDesk, resources: Held, key: Repeatable = None
) -> Response:
    """Take in one campaign response; durable before the answer."""
    item = item_in(await read_json(request))
    return await _take(request, caller, desk, resources, (item,), key, _first)


@router.post(
    "/responses/batch",
    response_class=Response,
    responses=_MANY,
    openapi_extra=body_of("ResponseBatch"),
)
async def post_responses(
    request: Request, caller: Ingester, desk: AtDesk, resources: Held, key: Repeatable = None
) -> Response:
    """Take in up to 10,000 responses in one transaction; each has a result of its own."""
    items = parse_items(list_in(await read_json(request)))
    return await _take(request, caller, desk, resources, items, key, answer_batch)


@router.post(
    "/integrations/{name}/responses",
    response_class=Response,
    responses={**_ONE, **problems(IntegrationNotFound)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
            },
        }
    },
)
async def post_webhook(
    request: Request,
    name: IntegrationName,
    caller: Ingester,
    desk: AtDesk,
    resources: Held,
    key: Repeatable = None,
) -> Response:
    """Take in a webhook, JSON or form, by the integration's saved field mapping."""
    body, kind = await request.body(), request.headers.get("content-type")
    async with resources.unit_of_work(caller.account_id) as session:
        raw = await integrations.translate(session, caller.account_id, name, kind, body)
    return await _take(request, caller, desk, resources, (item_in(raw),), key, _first)


async def _take(
    request: Request,
    caller: Caller,
    desk: Desk,
    resources: Held,
    items: tuple[Item | Invalid, ...],
    key: str | None,
    answer: Answer,
) -> Response:
    sent = submission_of(caller, items)
    if key is None:
        return answer(await desk.submit(sent))

    async def once(admission: Admission) -> tuple[Response, list[list[Outcome]]]:
        async with resources.unit_of_work(caller.account_id, purpose=Purpose.INTAKE) as session:
            await wait_for(await driver_of(session), admission, [caller.account_id])
            claim = await claimed(session, request, caller.account_id, key)
            outcomes = await take_in(session, [sent])
            response = answer(outcomes[0])
            await idempotency.keep(session, claim, response, bytes(response.body))
        return response, outcomes

    response, outcomes = await tried(once, most=resources.settings.intake.attempts)
    count(outcomes)
    return response


def _first(outcomes: Sequence[Outcome]) -> Response:
    return answer_one(outcomes[0])
