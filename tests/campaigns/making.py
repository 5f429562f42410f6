"""What the tests of campaigns send and keep."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from app.core.ids import uuid7
from app.models import Response
from app.models.states import Mode, ResponseStatus

THEN = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def make_campaign(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    wanted = {"code": f"c-{uuid7().hex}", "name": "Spring"} | fields
    answer = await http.post("/v1/campaigns", json=wanted)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def response_of(account_id: UUID, campaign_id: str, *, member_status: str = "Sent") -> Response:
    return Response(
        account_id=account_id,
        campaign_id=UUID(campaign_id),
        person_id=uuid7(),
        member_status=member_status,
        is_responded=False,
        status=ResponseStatus.NOT_A_RESPONSE,
        mode=Mode.SYNCHRONOUS,
        user_id=uuid7(),
        user_name="marketo",
        responded_at=THEN,
        received_at=THEN,
    )


def pointers_of(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
