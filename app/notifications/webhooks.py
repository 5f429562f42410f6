"""The events in the OpenAPI document; nothing is routed here, receivers read it."""

from fastapi import APIRouter

from app.core.routes import Route
from app.notifications.outbox import EventType
from app.notifications.schemas import ResponseQualified, ResponsesResolved

router = APIRouter(route_class=Route, tags=["events"])


@router.post(EventType.RESPONSE_QUALIFIED.value, status_code=204)
def response_qualified(event: ResponseQualified) -> None:
    """A response qualified and has an owner, if anybody is listed."""


@router.post(EventType.RESPONSES_RESOLVED.value, status_code=204)
def responses_resolved(event: ResponsesResolved) -> None:
    """A transaction resolved these many responses."""
