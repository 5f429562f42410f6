"""The wire shapes of limits and of what is used up of them."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from app.accounts.schemas import PlanRead


class UseRead(BaseModel):
    """A limit, and how it stands."""

    limit: int
    used: int
    left: int = Field(description="Never negative, also where a limit was lowered.")

    @classmethod
    def of(cls, limit: int, used: int) -> Self:
        return cls(limit=limit, used=used, left=max(limit - used, 0))


class MinutesRead(BaseModel):
    """The minutes of a day. A run starts only if `left` is at least its job's timeout."""

    limit: int
    used: float = Field(description="By attempts that started today and have ended.")
    reserved: float = Field(description="By attempts at work; 0 unless the plan reserves.")
    left: float = Field(description="Never negative, also where the day is overdrawn.")


class JobUseRead(UseRead):
    """How often a job was started today, by schedule and otherwise."""

    job_id: UUID
    name: str
    minutes: float


class LimitsRead(BaseModel):
    """What the account may use, and what is left of it today."""

    day: date = Field(description="The account's calendar day.")
    timezone: str
    resets_at: datetime = Field(description="When the next day begins, in UTC.")
    jobs: UseRead = Field(description="Definitions that are neither deleted nor expired.")
    executions: UseRead = Field(description="Runs of jobs, of every kind and however started.")
    minutes: MinutesRead
    invocations: list[JobUseRead] = Field(
        description="Of the jobs that were started today, most often first; at most 1,000."
    )
    plan: PlanRead
