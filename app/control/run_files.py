"""Reading which files a run has left."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from app.core.db import Session
from app.core.errors import NotFound
from app.models import RunFile


class RunFileNotFound(NotFound):
    """The run has no file of this name."""


async def list_files(session: Session, account_id: UUID, run_id: UUID) -> Sequence[RunFile]:
    """The run's files, by name."""
    found = await session.exec(
        select(RunFile)
        .where(col(RunFile.account_id) == account_id, col(RunFile.run_id) == run_id)
        .order_by(col(RunFile.name))
    )
    return found.all()


async def get_file(session: Session, account_id: UUID, run_id: UUID, name: str) -> RunFile:
    """The run's file of this name; raises RunFileNotFound."""
    found = await session.exec(
        select(RunFile).where(
            col(RunFile.account_id) == account_id,
            col(RunFile.run_id) == run_id,
            col(RunFile.name) == name,
        )
    )
    file = found.one_or_none()
    if file is None:
        raise RunFileNotFound
    return file
