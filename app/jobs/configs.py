"""What a job is told to do, by its kind: the shapes of uploads and exports, checked as they are.

An import's source is split off: its address and headers are sealed beside the config and never
shown. A config without a source leaves the one that is there; one with null forgets it.
"""

from typing import Any
from uuid import UUID

from pydantic import Field, ValidationError

from app.core.db import Session
from app.core.errors import Fault, Invalid
from app.core.faults import faults_of
from app.core.sealing import seal, unseal
from app.core.values import Text, Wire
from app.exports import service as exports
from app.exports.schemas import ExportCreate
from app.imports.columns.matching import check_fields
from app.imports.formats.format import Format
from app.imports.places import find_places
from app.imports.uploads.schemas import MOST_COLUMNS, CampaignRef, Column, OnError
from app.imports.uploads.source import Source
from app.jobs.errors import InvalidJob
from app.models import Job
from app.models.states import JobKind, UploadObject, UploadOperation
from app.sequences.schemas import SequenceRef

_PLACE = "/config"


class ImportConfig(Wire):
    """What an import job fetches and what its rows are; the words are those of an upload."""

    object: UploadObject = Field(description="What a row is.")
    operation: UploadOperation = UploadOperation.UPSERT
    campaign: CampaignRef | None = Field(None, description="That of every row; of responses only.")
    sequence: SequenceRef | None = Field(
        None, description="That of every row; of participants only."
    )
    mapping: dict[Column, Text | None] | None = Field(None, max_length=MOST_COLUMNS)
    format: Format = Field(default_factory=Format)
    on_error: OnError = "continue"
    source: Source | None = Field(None, description="Where to fetch the file from. Never shown.")


class NoConfig(Wire):
    """Nothing: what a code job does is in its code."""


async def configure(session: Session, job: Job, given: dict[str, Any], *, secret_key: str) -> None:
    """Put a new config in place of the job's; an empty one takes everything back.

    Raises:
        InvalidJob: it is not of the form of the job's kind, or names what there is not.
    """
    if not given:
        job.config, job.source = {}, None
        return
    try:
        if job.kind is JobKind.IMPORT:
            wanted = ImportConfig.model_validate(given)
            await _configure_import(session, job, wanted, secret_key=secret_key)
        elif job.kind is JobKind.EXPORT:
            order = ExportCreate.model_validate(given)
            job.config = await exports.check(session, job.account_id, order)
        else:
            NoConfig.model_validate(given)
    except ValidationError as error:
        raise InvalidJob(faults=faults_of(error.errors(), within=_PLACE)) from None
    except Invalid as error:
        moved = [Fault(_PLACE + one.pointer, one.code, one.detail) for one in error.faults]
        raise InvalidJob(faults=moved) from None


def source_of(job: Job, *, secret_key: str) -> Source | None:
    """Where an import job fetches its file from; raises Unsealable."""
    return unsealed(job.source, job.account_id, job.id, secret_key=secret_key)


def unsealed(
    source: bytes | None, account_id: UUID, job_id: UUID, *, secret_key: str
) -> Source | None:
    """The source that a job keeps; raises Unsealable."""
    if source is None:
        return None
    kept = unseal(secret_key, source, context=_context(account_id, job_id))
    return Source.model_validate_json(kept)


async def _configure_import(
    session: Session, job: Job, wanted: ImportConfig, *, secret_key: str
) -> None:
    config = wanted.model_dump(mode="json", exclude={"source"})
    places, faults = await find_places(
        session,
        job.account_id,
        wanted.object,
        wanted.operation,
        campaign=wanted.campaign,
        sequence=wanted.sequence,
    )
    if faults:
        raise InvalidJob(faults=faults)
    for name, found in (("campaign", places.campaign_id), ("sequence", places.sequence_id)):
        config[name] = None if found is None else str(found)
    check_fields(wanted.mapping, wanted.object)
    job.config = config
    if wanted.source is not None:
        plain = wanted.source.model_dump_json().encode()
        job.source = seal(secret_key, plain, context=_context(job.account_id, job.id))
    elif "source" in wanted.model_fields_set:
        job.source = None


def _context(account_id: UUID, job_id: UUID) -> bytes:
    return f"job-source:{account_id}:{job_id}".encode()
