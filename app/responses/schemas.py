"""The wire shapes of responses."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.values import (
    Attributes,
    ExternalId,
    Flag,
    Moment,
    Name,
    Score,
    Wire,
)
from app.models.states import IntakeResult, Mode, ResponseStatus, Stage
from app.people.schemas import PersonUpsert

MOST_ITEMS = 10_000


# Who responded is said as in `POST /people`: the same fields, merged by the same rules.
PersonIn = PersonUpsert


class ResponseCreate(Wire):
    """One campaign-member response."""

    external_id: ExternalId | None = Field(
        None, description="The sender's id; seen again it is a duplicate."
    )
    campaign: Name = Field(description="Id or code.", examples=["spring-2026"])
    person: PersonIn = Field(examples=[{"email": "ada@example.com", "title": "VP Engineering"}])
    member_status: Name | None = Field(
        None, description="One of the campaign's; else its default responded status."
    )
    responded_at: Moment | None = Field(None, description="When; with a zone. Else now.")
    score: Score | None = None
    attributes: Attributes | None = None
    response_prompt: Flag = Field(
        False, description="Raised on purpose: scored at once, qualified whatever the score."
    )

    @property
    def asks_for_scoring(self) -> bool:
        """Whether the person's waiting responses are to be scored now."""
        return bool(self.person.do_pending_scoring)


class ResponseBatch(BaseModel):
    """Up to 10,000 responses, each with a result of its own."""

    responses: list[ResponseCreate] = Field(max_length=MOST_ITEMS)


class ItemError(BaseModel):
    """One wrong place in one item."""

    pointer: str
    code: str
    detail: str


class ItemResult(BaseModel):
    """What became of one item."""

    index: int
    external_id: str | None
    id: UUID | None = Field(description="The response it created, changed or repeats.")
    result: IntakeResult
    reason: str | None
    warnings: list[str]
    status: ResponseStatus | None
    errors: list[ItemError]


class Summary(BaseModel):
    """total = succeeded + skipped + failed."""

    total: int
    succeeded: int = Field(description="created, updated, repeat")
    skipped: int = Field(description="duplicate, skipped")
    failed: int = Field(description="rejected")
    created: int
    updated: int
    repeat: int
    duplicate: int


class BatchRead(BaseModel):
    """One result for each item, in their order."""

    results: list[ItemResult]
    summary: Summary


class Failure(BaseModel):
    """Why a response was set aside."""

    stage: Stage
    code: str
    detail: str
    run_id: UUID
    failed_at: datetime


class ResponseRead(BaseModel):
    """A campaign-member record."""

    id: UUID
    campaign_id: UUID
    person_id: UUID
    repeat_number: int
    member_status: str
    is_responded: bool
    status: ResponseStatus
    mode: Mode
    response_prompt: bool
    user: str
    external_id: str | None
    responded_at: datetime
    received_at: datetime
    score: int
    score_total: int | None
    scored_at: datetime | None
    resolved_at: datetime | None
    attributes: dict[str, Any]
    failure: Failure | None


class RulePoints(BaseModel):
    """One rule that matched."""

    position: int
    name: str
    points: int


class ScoreRead(BaseModel):
    """Every part of a score; they add up to `total`."""

    response_id: UUID
    total: int
    person: int
    campaign: int
    response: int
    rules: list[RulePoints]
    ruleset_version: int | None
    scored_at: datetime
