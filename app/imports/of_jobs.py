"""The uploads behind runs of import jobs: complete as they are made, to be fetched."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.core.db import Session
from app.imports.uploads.source import Source, sealed
from app.models import Upload
from app.models.states import UploadObject, UploadOperation, UploadState


class Fetch(NamedTuple):
    """A file that a run is to fetch; `config` is that of the job, in the words of uploads."""

    account_id: UUID
    upload_id: UUID
    run_id: UUID
    job_id: UUID
    job_name: str
    config: dict[str, Any]
    source: Source | None


async def complete_uploads(
    session: Session, wanted: Sequence[Fetch], *, secret_key: str, now: datetime
) -> None:
    """Keep an upload for each of these runs, which are queued in the same transaction.

    The job is the user: an external id that it has sent before is a duplicate.
    """
    session.add_all([_upload(fetch, secret_key, now) for fetch in wanted])
    await session.flush()


def _upload(fetch: Fetch, secret_key: str, now: datetime) -> Upload:
    config, on_error = fetch.config, fetch.config.get("on_error")
    place = (fetch.account_id, fetch.upload_id)
    return Upload(
        account_id=fetch.account_id,
        id=fetch.upload_id,
        state=UploadState.UPLOAD_COMPLETE,
        object=UploadObject(config["object"]),
        operation=UploadOperation(config["operation"]),
        campaign_id=UUID(config["campaign"]) if config.get("campaign") else None,
        sequence_id=UUID(config["sequence"]) if config.get("sequence") else None,
        mapping=config.get("mapping"),
        format=config["format"],
        stop_after=on_error["stop_after"] if isinstance(on_error, dict) else None,
        source=None if fetch.source is None else sealed(fetch.source, secret_key, *place),
        user_id=fetch.job_id,
        user_name=fetch.job_name,
        run_id=fetch.run_id,
        created_at=now,
        completed_at=now,
        expires_at=now,
    )
