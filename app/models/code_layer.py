from datetime import datetime

from sqlmodel import Field, SQLModel

from app.core.db import UtcDateTime


class CodeLayer(SQLModel, table=True):
    """What some requirements came to, kept for all accounts; times are real time."""

    __tablename__ = "code_layers"

    id: str = Field(primary_key=True, description="SHA-256 of its archive.")
    note: str | None = Field(
        default=None, description="In the store of files: what leads to it from requirements."
    )
    wanted_at: datetime = Field(sa_type=UtcDateTime, description="By an upload, the last time.")
    leaves_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Since when a worker is deleting it."
    )
