"""What Prometheus sees at `/metrics`; ages and depths are read from PostgreSQL when asked."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "penstock_http_requests_total", "Requests by route and status.", ["route", "status"]
)
INTAKE_ITEMS = Counter("penstock_intake_items_total", "Items by result.", ["result"])
INTAKE_COMMITS = Counter("penstock_intake_commits_total", "Intake transactions committed.")
INTAKE_REDONE = Counter("penstock_intake_redone_total", "Intake transactions tried again.")
INTAKE_WAITING = Counter("penstock_intake_refused_total", "Requests refused: the queue was full.")
CHUNKS = Counter("penstock_chunks_total", "Chunks committed by stage.", ["stage"])
CHUNK_ROWS = Counter("penstock_chunk_rows_total", "Rows of committed chunks.", ["stage"])
CHUNK_SECONDS = Histogram(
    "penstock_chunk_seconds",
    "Time of one chunk by stage.",
    ["stage"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
FAILED_ROWS = Counter("penstock_failed_rows_total", "Rows set aside with a reason.", ["stage"])
LEASES_LOST = Counter("penstock_leases_lost_total", "Chunks refused because the lease was gone.")
RINGS_SENT = Counter("penstock_rings_sent_total", "Rings handed to Redis.")
RINGS_FAILED = Counter("penstock_rings_failed_total", "Rings that did not reach Redis.")
RINGS_DROPPED = Counter("penstock_rings_dropped_total", "Rings dropped: too many were waiting.")
