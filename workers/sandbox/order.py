"""What is to be run, with what, and how much of the machine it may use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.core.settings import Code

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may use; whoever wants more is refused or killed, never the machine.

    `memory_bytes` holds for each process and for all of them together. What is written to /tmp, to
    the working directory, to /dev/shm and to `$OUTPUT_DIR` is memory too, and comes on top of it.
    """

    memory_bytes: int = 512 * MIB
    cpu_seconds: int = 3_600
    processes: int = 64
    open_files: int = 256
    file_bytes: int = 64 * MIB
    tmp_bytes: int = 128 * MIB
    output_bytes: int = 50 * MIB
    files: int = 10_000
    log_bytes: int = 10 * MIB
    line_bytes: int = 16_000

    @classmethod
    def of(cls, settings: Code) -> "Limits":
        """The limits that this installation sets."""
        return cls(
            memory_bytes=settings.memory,
            cpu_seconds=max(1, round(settings.cpu.total_seconds())),
            processes=settings.processes,
            open_files=settings.open_files,
            file_bytes=settings.file,
            tmp_bytes=settings.tmp,
            output_bytes=settings.output,
            files=settings.files,
            log_bytes=settings.log,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """What `main(event)` is told."""

    body: Any = None
    query_string_parameters: Mapping[str, Any] = field(default_factory=dict)
    source: str = "api"
    job_name: str = ""
    job_instance_id: str = ""
    retry_attempt: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt of a customer's code.

    Args:
        code: the unpacked upload, with `main.py` at its root or under `src/`.
        layer: what its `requirements.txt` asked for, readable by everybody on the machine.
        variables, secrets: both are `LS.settings` inside, and both are masked in whatever comes
            out; a secret wins over a variable of the same name.
        deadline: from now to the TERM; the KILL follows after the driver's grace.
        proxy_socket: a unix socket that is the only way out; without it there is no network.
        api_url: where this installation's API is, by way of that socket; code is told.
        keep_output_in: an existing directory that `$OUTPUT_DIR`'s files are copied to.
    """

    code: Path
    deadline: timedelta
    event: Event = Event()
    layer: Path | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    limits: Limits = Limits()
    proxy_socket: Path | None = None
    api_url: str | None = None
    keep_output_in: Path | None = None
