"""What every row of an import is taken in by: the upload's terms, and what its columns mean.

Nothing of it changes once the file is read, so a process keeps it for the runs at hand.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

from app.core.driver import Transaction, driver_of
from app.imports.columns.plan import AnyPlan, plan_of
from app.imports.formats.format import Format
from app.models.states import UploadObject, UploadOperation
from app.responses.intake.acquaintance import Acquaintance

_READ = """
SELECT u.id, u.object, u.operation, u.campaign_id, u.sequence_id, u.mapping, u.format, u.columns,
       u.stop_after, u.user_id, u.user_name, r.details
  FROM runs r JOIN uploads u ON u.account_id = r.account_id AND u.id = r.subject_id
 WHERE r.account_id = $1 AND r.id = $2
"""
_KEPT_RUNS = 8


@dataclass(frozen=True, slots=True)
class Terms:
    """Of one import; `size` counts its rows that are no prompts.

    What a process finds out about its rows comes to `plan` and `acquaintance`.
    """

    upload_id: UUID
    object: UploadObject
    operation: UploadOperation
    user_id: UUID
    user: str
    stop_after: int | None
    size: int
    sequence_id: UUID | None
    plan: AnyPlan
    acquaintance: Acquaintance = field(default_factory=Acquaintance)


_kept: OrderedDict[UUID, Terms] = OrderedDict()


async def terms_of(session: Transaction, account_id: UUID, run_id: UUID) -> Terms:
    """The terms of a run whose file was read; looked up once per process."""
    found = _kept.get(run_id)
    if found is None:
        found = _kept[run_id] = await _read(session, account_id, run_id)
        if len(_kept) > _KEPT_RUNS:
            _kept.popitem(last=False)
    return found


async def _read(session: Transaction, account_id: UUID, run_id: UUID) -> Terms:
    driver = await driver_of(session)
    row = await driver.fetchrow(_READ, account_id, run_id)
    assert row is not None  # noqa: S101  (its chunk was found a moment ago)
    plan = plan_of(
        UploadObject(row["object"]),
        Format.model_validate(row["format"]).type,
        row["columns"] or [],
        row["mapping"],
        campaign=str(row["campaign_id"]) if row["campaign_id"] else None,
        has_sequence=row["sequence_id"] is not None,
    )
    return Terms(
        upload_id=row["id"],
        object=UploadObject(row["object"]),
        operation=UploadOperation(row["operation"]),
        user_id=row["user_id"],
        user=row["user_name"],
        stop_after=row["stop_after"],
        size=row["details"].get("size", 0),
        sequence_id=row["sequence_id"],
        plan=plan,
    )
