"""The wire shapes of scoring: an account's settings, rulesets."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.campaigns.lists import Owners, refuse_repeats
from app.campaigns.schemas import RepeatLimit
from app.core.faults import Wrong
from app.core.values import Code, Count, Duration, Flag, Name, Score, Wire
from app.criteria.schemas import CriteriaJson

BatchSize = Annotated[Count, Field(ge=1, le=10_000)]


def _at_most(days: int) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if value > timedelta(days=days):
            raise Wrong("too_long", f"is longer than {days} days")
        return value

    return AfterValidator(check)


_Delay = Annotated[Duration, _at_most(days=1)]
_Period = Annotated[Duration, _at_most(days=3_650)]


class AsyncUser(Wire):
    """An integration whose small requests are held in windows."""

    user: Name
    threshold: BatchSize = Field(1, description="Requests of at most so many items are held.")
    delay: _Delay = Field(timedelta(minutes=5), description="How long a window stays open.")


def _each_once(users: list[AsyncUser]) -> list[AsyncUser]:
    refuse_repeats((entry.user for entry in users), field="user")
    return users


class Reactivation(Wire):
    """Whether a rising score opens what was resolved before."""

    enabled: Flag = False
    lookback: _Period = Field(timedelta(days=90), description="How old a response may be.")
    default_campaign: Code | None = Field(
        None, description="Id or code; takes a new response where there is none to open."
    )


class ScoringSettingsDocument(Wire):
    """When responses are scored, in what portions, and against what; absent is the default."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "async_users": [{"user": "marketo", "threshold": 1, "delay": "PT5M"}],
                    "threshold": 100,
                    "owners": ["alice", "bob"],
                }
            ]
        }
    )

    evaluate_score_immediately: Flag = Field(
        True, description="Score in the request itself; wins over asynchronously."
    )
    evaluate_score_asynchronously: Flag = Field(
        False, description="Score after the request; with neither, scoring waits to be asked for."
    )
    scoring_batch_size: BatchSize = Field(200, description="Rows scored in one transaction.")
    evaluation_batch_size: BatchSize = Field(200, description="Rows resolved in one transaction.")
    async_users: Annotated[list[AsyncUser], AfterValidator(_each_once)] = Field(
        [], max_length=1_000
    )
    threshold: Score = Field(100, description="The score that qualifies; equal is enough.")
    repeat_limit: RepeatLimit = 25
    score_grace: _Period = Field(
        timedelta(), description="How long a response below the threshold waits for a better score."
    )
    nurture_timeout: _Period = timedelta()
    owners: Owners = Field([])
    reactivation: Reactivation = Reactivation()


class Rule(Wire):
    """Points for the responses that meet the criteria; negative ones take points away."""

    name: Name
    criteria: CriteriaJson
    points: Score


def _names_once(rules: list[Rule]) -> list[Rule]:
    refuse_repeats((rule.name for rule in rules), field="name")
    return rules


class RulesetCreate(Wire):
    """The next version of the account's rules."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "First rules",
                    "rules": [
                        {
                            "name": "Decides",
                            "points": 60,
                            "criteria": {
                                "field": "person.title",
                                "op": "starts_with",
                                "value": "VP",
                            },
                        }
                    ],
                }
            ]
        }
    )

    name: Name
    rules: Annotated[list[Rule], AfterValidator(_names_once)] = Field(max_length=200)


class RulesetRead(BaseModel):
    """One version of the rules, as it was saved; it never changes."""

    id: UUID
    version: int
    name: str
    rules: list[Rule]
    is_active: bool
    created_by: str
    created_at: datetime
    activated_at: datetime | None = Field(description="When it last became the active one.")
