"""The wire shapes of alerts: of a job or group its own, of an account the default."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.faults import Wrong
from app.core.values import Email, Wire
from app.notifications.alerts.rules import DEFAULT_ON, AlertOn

MOST_EMAILS = 50


def _once(values: list[Any]) -> list[Any]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise Wrong("repeated", "is in the list twice", f"/{index}")
    return values


On = Annotated[list[AlertOn], AfterValidator(_once), Field(min_length=1)]
Emails = Annotated[list[Email], AfterValidator(_once), Field(max_length=MOST_EMAILS)]
_ON = (
    "A failure is one of a run's last attempt, or a success that did not come in time; a recovery "
    "the first success after either."
)


class Alert(Wire):
    """Who is told of the runs of one thing, and of which; in place of the account's policy."""

    emails: Annotated[list[Email], AfterValidator(_once), Field(min_length=1, max_length=50)]
    on: On = Field(DEFAULT_ON, description=_ON)


class AlertPolicyPut(Wire):
    """Who is told where a job or group does not say it, and of which."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"emails": ["ops@example.com"], "on": ["failure", "recovery"]}]
        }
    )

    emails: Emails = Field([], description="None: whatever has no alert of its own tells nobody.")
    on: On = Field(DEFAULT_ON, description=_ON)


class AlertPolicyRead(BaseModel):
    """The account's policy; a new account has no addresses in it."""

    emails: list[str]
    on: list[AlertOn]
    updated_at: datetime | None
    updated_by: str | None
