"""What the code of a job is given to read: settings, and secrets. Written, and never shown again.

Values of both are sealed together, for this job alone; only the names lie open.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from app.core.db import Session
from app.core.faults import Wrong, escape
from app.core.sealing import seal, unseal
from app.core.values import Wire, plain
from app.jobs import queries
from app.models import JobVariables

_MOST = 200
_LARGEST = 64_000

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
VariableValue = Annotated[str, Field(max_length=16_000), AfterValidator(plain)]
Values = Annotated[dict[VariableName, VariableValue], Field(max_length=_MOST)]


class VariablesPut(Wire):
    """All variables of a job; what is not named is gone."""

    variables: Values = Field(default_factory=dict, description="Settings that are no secret.")
    secrets: Values = Field(default_factory=dict, description="The same, masked in logs.")

    @model_validator(mode="after")
    def _together(self) -> "VariablesPut":
        for name in self.variables.keys() & self.secrets.keys():
            raise Wrong("named_twice", "is a variable, too", f"/secrets/{escape(name)}")
        values = (*self.variables.values(), *self.secrets.values())
        if sum(len(value.encode()) for value in values) > _LARGEST:
            raise Wrong("too_large", f"values are larger than {_LARGEST} bytes together")
        return self


class VariablesRead(BaseModel):
    """The names of a job's variables; values are not shown to anybody."""

    variables: list[str]
    secrets: list[str]


async def save(
    session: Session,
    account_id: UUID,
    job_id: UUID,
    wanted: VariablesPut,
    *,
    secret_key: str,
    now: datetime,
) -> VariablesRead:
    """Put these in place of the ones before; returns their names."""
    row = JobVariables(
        account_id=account_id,
        job_id=job_id,
        variables=sorted(wanted.variables),
        secrets=sorted(wanted.secrets),
        sealed=seal(
            secret_key, wanted.model_dump_json().encode(), context=_context(account_id, job_id)
        ),
        updated_at=now,
    )
    await queries.put_variables(session, row)
    return VariablesRead(variables=row.variables, secrets=row.secrets)


async def read(
    session: Session, account_id: UUID, job_id: UUID, *, secret_key: str
) -> VariablesPut:
    """Values and all, for the code itself; none where nobody has set any. Raises Unsealable."""
    found = await queries.find_variables(session, account_id, [job_id])
    if not found:
        return VariablesPut()
    kept = unseal(secret_key, found[0].sealed, context=_context(account_id, job_id))
    return VariablesPut.model_validate_json(kept)


async def names_of(
    session: Session, account_id: UUID, jobs: Iterable[UUID]
) -> dict[UUID, VariablesRead]:
    """The names of each job's variables; a job without any is not there."""
    return {
        row.job_id: VariablesRead(variables=row.variables, secrets=row.secrets)
        for row in await queries.find_variables(session, account_id, list(jobs))
    }


def _context(account_id: UUID, job_id: UUID) -> bytes:
    return f"job-variables:{account_id}:{job_id}".encode()
