"""The wire shapes of logs."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.runs.logs.packing import Level
from app.runs.logs.queries import Numbered


class LogLineRead(BaseModel):
    """One line of a run's log; values of variables and secrets are covered by `***`."""

    number: int = Field(description="From 1, without gaps, over all attempts of the run.")
    at: datetime = Field(description="Of this machine's clock, also in a sandbox.")
    level: Level
    text: str
    fields: Any = Field(description="What was logged with it; null if nothing was.")
    attempt: int

    @classmethod
    def of(cls, numbered: Numbered) -> "LogLineRead":
        line = numbered.line
        return cls(
            number=numbered.number,
            at=line.at,
            level=line.level,
            text=line.text,
            fields=line.fields,
            attempt=line.attempt,
        )
