"""What can be asked of responses; inside the caller's transaction."""

from collections.abc import Sequence
from uuid import UUID

from app.core.db import Session
from app.models import Response
from app.responses import queries
from app.responses.errors import NotScored
from app.responses.schemas import Failure, ResponseRead, RulePoints, ScoreRead


async def read(
    session: Session, account_id: UUID, responses: Sequence[Response]
) -> list[ResponseRead]:
    """These responses as callers see them, with the reason of any that was set aside."""
    failures = await queries.failures_of(session, account_id, responses)
    shown = []
    for response in responses:
        failure = failures.get(response.id)
        shown.append(
            ResponseRead.model_validate(
                {
                    **response.model_dump(),
                    "response_prompt": response.is_prompt,
                    "user": response.user_name,
                    "failure": Failure.model_validate(failure.model_dump()) if failure else None,
                }
            )
        )
    return shown


async def read_score(session: Session, account_id: UUID, response_id: UUID) -> ScoreRead:
    """Every part of a response's score; they add up to the total.

    Raises:
        ResponseNotFound: there is no such response in this account.
        NotScored: it waits for its score, or will never have one.
    """
    response = await queries.get_response(session, account_id, response_id)
    if response.scored_at is None:
        raise NotScored(status=response.status)
    rules = await queries.find_rules(session, account_id, response.ruleset_version)
    matched = [
        RulePoints(
            position=position,
            name=rules[position - 1]["name"],
            points=rules[position - 1]["points"],
        )
        for position in response.matched_rules or []
    ]
    return ScoreRead(
        response_id=response.id,
        total=response.score_total or 0,
        person=response.score_person or 0,
        campaign=response.score_campaign or 0,
        response=(response.score_total or 0)
        - (response.score_person or 0)
        - (response.score_campaign or 0)
        - (response.score_rules or 0),
        rules=matched,
        ruleset_version=response.ruleset_version,
        scored_at=response.scored_at,
    )
