"""The JSON that both rivals take, as pydantic checks it."""

from typing import Any

from pydantic import BaseModel


class PersonIn(BaseModel):
    email: str
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    company: str | None = None
    country: str | None = None
    industry: str | None = None
    score: int = 0
    attributes: dict[str, Any] = {}


class ResponseIn(BaseModel):
    external_id: str | None = None
    campaign: str
    person: PersonIn
    score: int = 0
    attributes: dict[str, Any] = {}
