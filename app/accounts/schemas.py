"""The wire shapes of accounts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from app.accounts.plans import QuotaMode, plan_of
from app.core.faults import Wrong
from app.core.outbound.hosts import faults_in_patterns
from app.core.values import Count, Flag, Name, Plain, TimeZone, Wire

_MOST = 1_000_000
_LARGEST_ZIP = 2**30

Limit = Annotated[Count, Field(le=_MOST)]


class PlanRead(BaseModel):
    """The limits of an account."""

    jobs: int = Field(description="Definitions that are neither deleted nor expired.")
    executions_per_day: int
    minutes_per_day: int
    invocations_per_job: int = Field(description="Runs of one job a day, however started.")
    max_retries: int
    minimum_gap_minutes: int = Field(description="Between two planned runs of a job; inclusive.")
    zip_bytes: int
    database_access: bool
    code_jobs: bool
    quota_mode: QuotaMode


class PlanPatch(Wire):
    """Limits to change; absent ones stay, null means the default again."""

    jobs: Limit | None = None
    executions_per_day: Limit | None = None
    minutes_per_day: Limit | None = None
    invocations_per_job: Limit | None = None
    max_retries: Limit | None = None
    minimum_gap_minutes: Limit | None = None
    zip_bytes: Annotated[Count, Field(le=_LARGEST_ZIP)] | None = None
    database_access: Flag | None = None
    code_jobs: Flag | None = None
    quota_mode: QuotaMode | None = None


def _plan(value: Any) -> Any:
    return plan_of(value).model_dump() if isinstance(value, Mapping) else value


def _hosts(value: list[str]) -> list[str]:
    for fault in faults_in_patterns(value):
        raise Wrong(fault.code, fault.detail, fault.pointer)
    return value


AllowList = Annotated[
    list[Plain],
    AfterValidator(_hosts),
    Field(
        max_length=200,
        description="Hosts that code of jobs may reach besides public ones, at ports 80 and 443 or"
        " the one named: `example.com`, `*.example.com`, `db.example.com:5432`.",
    ),
]


class AccountRead(BaseModel):
    """An account as its own keys see it."""

    id: UUID
    name: str
    timezone: str = Field(description="IANA name; the days of quotas are its days.")
    code_allow_list: list[str]
    code_only_listed: bool = Field(description="Code reaches the listed hosts and no others.")
    plan: Annotated[PlanRead, BeforeValidator(_plan)]
    created_at: datetime


class AccountCreate(Wire):
    """A new tenant."""

    name: Name
    timezone: TimeZone = "UTC"
    plan: PlanPatch = PlanPatch()


class AccountPatch(Wire):
    """What may be changed; absent fields stay as they are."""

    name: Name | None = None
    timezone: TimeZone | None = None
    code_allow_list: AllowList | None = None
    code_only_listed: Flag | None = None
