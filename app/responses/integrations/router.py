"""Integrations and their saved mappings."""

from fastapi import APIRouter, Response

from app.accounts.caller import Manager, Reader
from app.accounts.transaction import Now, Tx
from app.core import etags
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import Page
from app.core.problems import problems
from app.core.routes import Route
from app.models import Integration
from app.responses.integrations import queries, service
from app.responses.integrations.errors import (
    IntegrationNotFound,
    InvalidMapping,
    TooManyIntegrations,
)
from app.responses.integrations.schemas import IntegrationName, IntegrationPut, IntegrationRead

router = APIRouter(tags=["integrations"], route_class=Route)


@router.get("/integrations", response_model=Page[IntegrationRead])
async def list_integrations(caller: Reader, tx: Tx) -> dict[str, object]:
    """The account's integrations by name; at most 100, all on one page."""
    found = await queries.list_integrations(tx, caller.account_id)
    return {"items": found, "next_cursor": None}


@router.get(
    "/integrations/{name}",
    response_model=IntegrationRead,
    responses=problems(IntegrationNotFound),
)
async def read_integration(
    name: IntegrationName, caller: Reader, tx: Tx, response: Response
) -> Integration:
    """One integration and its mapping."""
    integration = await queries.get_integration(tx, caller.account_id, name)
    etags.show(response, integration.version)
    return integration


@router.put(
    "/integrations/{name}",
    response_model=IntegrationRead,
    responses={
        201: {"model": IntegrationRead, "description": "It is new."},
        **problems(ChangedMeanwhile, InvalidMapping, TooManyIntegrations),
    },
)
async def save_integration(
    name: IntegrationName,
    wanted: IntegrationPut,
    caller: Manager,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> Integration:
    """Say how an integration's webhooks become responses. Safe to repeat; replaces the mapping."""
    integration = await service.save(
        tx, caller.account_id, name, wanted, if_match=if_match, now=now
    )
    if integration.version == 1:
        response.status_code = 201
    etags.show(response, integration.version)
    return integration


@router.delete(
    "/integrations/{name}",
    status_code=204,
    responses=problems(IntegrationNotFound, ChangedMeanwhile),
)
async def delete_integration(
    name: IntegrationName, caller: Manager, tx: Tx, if_match: IfMatch = None
) -> None:
    """Forget the mapping; responses that came through it stay."""
    await service.delete(tx, caller.account_id, name, if_match=if_match)
