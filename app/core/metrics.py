"""What Prometheus sees at `/metrics`.

The API counts for itself. Workers have no port to be asked at: their counters travel with their
signs of life and are shown by whichever API is asked, labelled with the worker. Ages of due work
are read from PostgreSQL when asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

REQUESTS = Counter("penstock_http_requests", "Requests by route and status.", ["route", "status"])
INTAKE_ITEMS = Counter("penstock_intake_items", "Items by result.", ["result"])
INTAKE_COMMITS = Counter("penstock_intake_commits", "Intake transactions committed.")
INTAKE_REDONE = Counter("penstock_intake_redone", "Intake transactions tried again.")
INTAKE_WAITING = Counter("penstock_intake_refused", "Requests refused: the queue was full.")
RINGS_SENT = Counter("penstock_rings_sent", "Rings handed to Redis.")
RINGS_FAILED = Counter("penstock_rings_failed", "Rings that did not reach Redis.")
RINGS_DROPPED = Counter("penstock_rings_dropped", "Rings dropped: too many were waiting.")

_OF_WORKERS = CollectorRegistry()
CHUNKS = Counter("penstock_chunks", "Chunks committed by stage.", ["stage"], registry=_OF_WORKERS)
CHUNK_ROWS = Counter(
    "penstock_chunk_rows", "Rows of committed chunks.", ["stage"], registry=_OF_WORKERS
)
CHUNK_SECONDS = Counter(
    "penstock_chunk_seconds", "Time spent in committed chunks.", ["stage"], registry=_OF_WORKERS
)
FAILED_ROWS = Counter(
    "penstock_failed_rows", "Rows set aside with a reason.", ["stage"], registry=_OF_WORKERS
)
LEASES_LOST = Counter(
    "penstock_leases_lost", "Chunks refused: the lease was gone.", registry=_OF_WORKERS
)
DELIVERY_ATTEMPTS = Counter(
    "penstock_delivery_attempts",
    "Attempts at deliveries to endpoints: succeeded, pending again, or failed for good.",
    ["result"],
    registry=_OF_WORKERS,
)
MAIL_ATTEMPTS = Counter(
    "penstock_mail_attempts",
    "Attempts at copies of mails: sent, kept in the mailbox, waiting again, or failed for good.",
    ["result"],
    registry=_OF_WORKERS,
)

# A worker's counter on its way through the database: name, labels, value.
Count = list[Any]


def counts_of_this_worker() -> list[Count]:
    """Every counter of this worker process, as JSON can carry it."""
    return [
        [family.name, sample.labels, sample.value]
        for family in _OF_WORKERS.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """How work stands, by its kinds: what PostgreSQL says when asked."""

    ages: Mapping[str, float] = field(default_factory=dict)
    pending: Mapping[str, float] = field(default_factory=dict)
    held_up: Mapping[str, float] = field(default_factory=dict)


def render(workers: Iterable[tuple[str, list[Count]]], standing: Standing) -> bytes:
    """The whole page: this process, every worker, and how much work of each kind waits."""

    class Gathered:
        def collect(self) -> Iterator[Metric]:
            yield from _families(workers)
            yield _gauge(
                "penstock_due_work_age_seconds",
                "Age of the oldest due work.",
                "lane",
                standing.ages,
            )
            yield _gauge(
                "penstock_pending",
                "What waits, due or not; counted to 100,000.",
                "kind",
                standing.pending,
            )
            yield _gauge(
                "penstock_held_up",
                "What cannot be done, by a fault of ours, and is tried again later.",
                "kind",
                standing.held_up,
            )

    registry = CollectorRegistry()
    registry.register(Gathered())
    return generate_latest() + generate_latest(registry)


def _gauge(name: str, said: str, label: str, values: Mapping[str, float]) -> Metric:
    gauge = GaugeMetricFamily(name, said, labels=[label])
    for kind, value in values.items():
        gauge.add_metric([kind], value)
    return gauge


def _families(workers: Iterable[tuple[str, list[Count]]]) -> Iterator[Metric]:
    known = {family.name: family.documentation for family in _OF_WORKERS.collect()}
    families: dict[str, CounterMetricFamily] = {}
    for worker, counts in workers:
        for name, labels, value in counts:
            if name in known:
                family = families.setdefault(
                    name, CounterMetricFamily(name, known[name], labels=["worker", *labels])
                )
                family.add_metric([worker, *labels.values()], value)
    yield from families.values()
