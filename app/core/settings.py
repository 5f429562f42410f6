"""Knobs: one tree of small groups, read from `PENSTOCK_…`, nested with `__`.

Nothing else reads the environment. A misspelt name stops the start: nested names through
`extra="forbid"`, top-level names through `_refuse_unknown_names`, because pydantic-settings
passes over those in silence.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal, Self

from dotenv import dotenv_values
from pydantic import ByteSize, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.code_settings import Code, Group, Proxying
from app.core.failpoints import armed
from app.core.notice_settings import Heartbeat, Smtp, Webhooks

__all__ = [
    "PREFIX",
    "Code",
    "Database",
    "Files",
    "Group",
    "Heartbeat",
    "Http",
    "Imports",
    "Intake",
    "Limits",
    "Log",
    "Proxying",
    "Scoring",
    "Settings",
    "Smtp",
    "UnknownSetting",
    "Webhooks",
    "Workers",
    "names",
    "surroundings",
]

PREFIX = "PENSTOCK_"
# What the command line's client is told; no process of the service reads them.
_OF_THE_CLIENT = {f"{PREFIX}URL", f"{PREFIX}KEY"}


class UnknownSetting(Exception):
    """An environment variable that no setting answers to."""


class Http(Group):
    """Where the API listens and how much it takes."""

    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port the API listens on.")
    max_body: ByteSize = Field(ByteSize(32 * 2**20), description="Largest request body; 413 above.")
    drain_timeout: timedelta = Field(
        timedelta(seconds=30), description="How long open requests may finish after SIGTERM."
    )
    stream_timeout: timedelta = Field(
        timedelta(minutes=15), description="Longest stream of events; the client comes again."
    )


class Database(Group):
    """Connections to PostgreSQL, and how long a statement may wait or run."""

    pool: int = Field(12, ge=2, description="Connections of one process, at most.")
    pool_timeout: timedelta = Field(
        timedelta(seconds=15), description="Wait until one of them is free; 503 after it."
    )
    connect_timeout: timedelta = Field(timedelta(seconds=5), description="Wait for a connection.")
    lock_timeout: timedelta = Field(timedelta(seconds=3), description="Wait for a lock.")
    idle_timeout: timedelta = Field(
        timedelta(seconds=15), description="Longest pause of a process within a transaction."
    )
    statement_timeout: timedelta = Field(timedelta(seconds=30), description="Longest statement.")


class Intake(Group):
    """How responses are taken in."""

    queue: int = Field(10_000, ge=1, description="Requests that may wait before a 503.")
    gather_rows: int = Field(500, ge=1, description="Items gathered into one transaction.")
    gather_below: int = Field(
        20, ge=0, description="Requests of more items than this get a transaction of their own."
    )
    transactions: int = Field(2, ge=1, description="Gathered transactions at once, per process.")
    attempts: int = Field(5, ge=1, description="Tries of a transaction that met a deadlock.")


class Scoring(Group):
    """When, and in what portions, responses are scored."""

    lease: timedelta = Field(
        timedelta(seconds=15), description="How long a lane, or the clock, stays taken."
    )
    sweep: timedelta = Field(timedelta(seconds=1), description="Pause between looks for due work.")
    turn: timedelta = Field(
        timedelta(seconds=2), description="How long a worker stays with one lane before the next."
    )


class Workers(Group):
    """One worker process."""

    lanes: int = Field(4, ge=1, description="Lanes drained at once by one process.")
    runs: int = Field(4, ge=1, description="Runs worked on at once by one process.")
    nice: int = Field(
        5, ge=0, le=19, description="How far workers step back for an API on the same machine."
    )
    heartbeat: timedelta = Field(timedelta(seconds=5), description="Pause between signs of life.")
    drain_timeout: timedelta = Field(
        timedelta(minutes=10), description="How long work at hand may finish after SIGTERM."
    )


class Limits(Group):
    """Requests a second and key, and open streams, per API process; a storm is normal."""

    ingest: int = Field(3_000, ge=1, description="Ingest requests a second and key.")
    others: int = Field(300, ge=1, description="Other requests a second and key.")
    streams: int = Field(
        20, ge=1, description="Runs of one account that are followed at once; 429 above."
    )
    streams_in_all: int = Field(
        500, ge=1, description="Runs that are followed at once, of all accounts; 503 above."
    )


class Files(Group):
    """Where uploads and run files are kept."""

    url: str = Field(
        "file:.penstock/files",
        pattern=r"^(file:.+|s3:(//)?[a-z0-9][a-z0-9.-]+(/.*)?)$",
        description="`file:` folder, or `s3:` bucket and prefix; the same for every process.",
    )
    endpoint: str = Field("", description="Address of a bucket's server; empty: Amazon's.")
    region: str = Field("us-east-1", description="Region of the bucket.")
    access_key: SecretStr = Field(
        SecretStr(""), description="Left out, the host's own identity is used."
    )
    secret_key: SecretStr = Field(SecretStr(""), description="The access key's secret.")
    allow_http: bool = Field(False, description="Whether the endpoint may be without TLS.")
    timeout: timedelta = Field(timedelta(seconds=30), description="Longest request to a bucket.")


class Imports(Group):
    """How files of rows are taken in, kept and read."""

    running: int = Field(2, ge=1, description="Imports of one account that are worked on at once.")
    waiting: int = Field(10, ge=1, description="Imports of one account that may wait; 429 above.")
    max_bytes: ByteSize = Field(
        ByteSize(20 * 2**30), description="Largest content of one upload; 413 above."
    )
    piece: ByteSize = Field(
        ByteSize(8 * 2**20), description="Content is kept durably in pieces of this size."
    )
    silence: timedelta = Field(
        timedelta(minutes=1), description="Longest pause of a sender in the middle of its content."
    )
    open_for: timedelta = Field(
        timedelta(days=1), description="An upload that nothing comes for is forgotten after it."
    )
    chunk_rows: int = Field(1_000, ge=1, le=10_000, description="Rows of one transaction, at most.")
    segment_rows: int = Field(100_000, ge=1, description="Rows that are cut into chunks together.")
    segment_bytes: ByteSize = Field(
        ByteSize(32 * 2**20), description="The same by size, whichever comes first."
    )
    lanes: int = Field(1, ge=1, description="Lanes of imports drained at once by one process.")


class Log(Group):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Threshold.")
    format: Literal["json", "text"] = Field("json", description="One JSON object a line, or text.")


class Settings(BaseSettings):
    """Read once at start; e.g. `PENSTOCK_SCORING__LEASE=PT20S`. Secrets have no default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        # The input is passwords and keys, and whoever prints an error prints to a log.
        hide_input_in_errors=True,
    )

    database_url: SecretStr = Field(description="postgresql://user:password@host:port/name")
    redis_url: SecretStr = Field(description="redis://:password@host:port/0")
    secret_key: SecretStr = Field(
        min_length=32, description="Keys the HMAC under which API keys are stored."
    )
    sandbox: bool = Field(False, description="Offers the movable clock and the mailbox.")
    failpoint: str = Field(
        "", description="Where this process is to die, NAME[:TIMES[:kill|stop]]; sandbox only."
    )
    http: Http = Field(default_factory=Http)
    database: Database = Field(default_factory=Database)
    intake: Intake = Field(default_factory=Intake)
    scoring: Scoring = Field(default_factory=Scoring)
    workers: Workers = Field(default_factory=Workers)
    limits: Limits = Field(default_factory=Limits)
    files: Files = Field(default_factory=Files)
    imports: Imports = Field(default_factory=Imports)
    code: Code = Field(default_factory=Code)
    webhooks: Webhooks = Field(default_factory=Webhooks)
    smtp: Smtp = Field(default_factory=Smtp)
    heartbeat: Heartbeat = Field(default_factory=Heartbeat)
    proxying: Proxying = Field(default_factory=Proxying)
    log: Log = Field(default_factory=Log)

    @model_validator(mode="after")
    def _connections_are_left_over(self) -> Self:
        """Intake keeps a connection for each of its transactions; a worker one for each lane and
        each run.
        """
        working = self.workers.lanes + self.workers.runs + self.imports.lanes
        if self.database.pool < max(self.intake.transactions, working) + 2:
            raise ValueError(
                "PENSTOCK_DATABASE__POOL must be at least 2 above PENSTOCK_INTAKE__TRANSACTIONS,"
                " and above PENSTOCK_WORKERS__LANES, PENSTOCK_WORKERS__RUNS and"
                " PENSTOCK_IMPORTS__LANES together"
            )
        return self

    @model_validator(mode="after")
    def _failpoints_are_for_sandboxes(self) -> Self:
        if self.failpoint:
            if not self.sandbox:
                raise ValueError("PENSTOCK_FAILPOINT needs PENSTOCK_SANDBOX=true")
            armed(self.failpoint)
        return self

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Settings from the process's environment and `.env`.

        Raises:
            UnknownSetting: a `PENSTOCK_` name that means nothing, with the nearest that does.
            pydantic.ValidationError: a value that does not fit, or a missing secret.
        """
        _refuse_unknown_names(_given() if environment is None else environment)
        return cls()

    @classmethod
    def for_documents(cls) -> Self:
        """Settings that connect to nothing, for generating the OpenAPI document."""
        nothing: Any = {"database_url": "postgresql://", "redis_url": "redis://"}
        return cls(secret_key=SecretStr("x" * 32), **nothing)


def surroundings(wanted: Iterable[str]) -> dict[str, str]:
    """What the environment says under these names, for a child that gets nothing else of it."""
    return {name: os.environ[name] for name in wanted if name in os.environ}


def names() -> list[str]:
    """Every name the tree answers to, in the order of the tree."""
    found: list[str] = []
    for name, field in Settings.model_fields.items():
        found.append(f"{PREFIX}{name}".upper())
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            found += [f"{PREFIX}{name}__{inner}".upper() for inner in group.model_fields]
    return found


def _given() -> Mapping[str, str | None]:
    """What pydantic-settings reads: `.env`, then the process's environment."""
    return {**dotenv_values(".env"), **os.environ}


def _refuse_unknown_names(environment: Mapping[str, str | None]) -> None:
    known = names()
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in {*known, *_OF_THE_CLIENT}:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.0)
            raise UnknownSetting(f"{name} is no setting; did you mean {near[0]}?")
