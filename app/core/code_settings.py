"""Knobs of customers' code: how it is run, what it may use, where it may go."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network

from pydantic import BaseModel, ByteSize, ConfigDict, Field


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Code(Group):
    """How customers' code is run, and how much of a machine one run may use."""

    bwrap: str = Field("bwrap", description="The program bubblewrap: a name in PATH, or a path.")
    scratch: str = Field(
        ".penstock/code", description="Folder for what all sandboxes share; each host's own."
    )
    memory: ByteSize = Field(
        ByteSize(512 * 2**20), description="Memory of a run's processes, each and together."
    )
    cpu: timedelta = Field(
        timedelta(hours=1), description="CPU time of a run's processes, each and together."
    )
    processes: int = Field(64, ge=4, description="Processes and threads of a run at once.")
    open_files: int = Field(256, ge=32, description="Open files of one process of a run.")
    file: ByteSize = Field(ByteSize(64 * 2**20), description="Largest file that a run writes.")
    tmp: ByteSize = Field(
        ByteSize(128 * 2**20),
        description="Room in /tmp, in the working directory and in /dev/shm, each.",
    )
    output: ByteSize = Field(
        ByteSize(50 * 2**20), description="Room in $OUTPUT_DIR, whose files are kept."
    )
    files: int = Field(10_000, ge=100, description="Files that a run writes, in all these places.")
    log: ByteSize = Field(ByteSize(10 * 2**20), description="Log of a run; the rest is not kept.")
    grace: timedelta = Field(
        timedelta(seconds=10), description="From TERM to KILL, past the timeout or when cancelled."
    )
    first_user: int = Field(
        60_706, ge=1_000, description="Under root, runs are users from this number on."
    )
    users: int = Field(400, ge=1, description="So many of them; they belong to nobody else.")
    runs: int = Field(2, ge=1, description="Runs of code worked on at once by one process.")
    running: int = Field(
        2, ge=1, description="Runs of code of one account that are worked on at once."
    )
    shelf: ByteSize = Field(
        ByteSize(2 * 2**30), description="Room on a host's disk for unpacked code and layers."
    )
    install_timeout: timedelta = Field(
        timedelta(minutes=2), description="How long an upload's requirements may take to install."
    )
    api_url: str = Field(
        "",
        # With a path of its own no run could begin, and nobody would know before.
        pattern=r"^(https?://[^/?#@\s]+(/(v1/?)?)?)?$",
        description="The API's base address as code calls it; empty: where this host's listens.",
    )
    unfit_wait: timedelta = Field(
        timedelta(seconds=30),
        description="How long a worker without a sound sandbox waits for one that has, before runs"
        " of code fail.",
    )


class Proxying(Group):
    """What a run of customers' code may reach, and how much it may take along."""

    connections: int = Field(50, ge=1, description="Connections of one run at once; 503 above.")
    connections_in_all: int = Field(
        100_000, ge=1, description="Connections of one run in all; 429 above."
    )
    bytes_out: ByteSize = Field(
        ByteSize(2**30), description="What one run may send; its connections are cut above."
    )
    bytes_in: ByteSize = Field(
        ByteSize(4 * 2**30), description="What one run may receive; the same."
    )
    connect_timeout: timedelta = Field(
        timedelta(seconds=15), description="Wait for a name and a connection."
    )
    idle_timeout: timedelta = Field(
        timedelta(minutes=5), description="A connection that nothing passes for so long is cut."
    )
    private_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Private networks that accounts' allow lists may lead into, a JSON list."
    )
    allow_private: bool = Field(
        False, description="Code reaches loopback and private networks too; for sandboxes."
    )
