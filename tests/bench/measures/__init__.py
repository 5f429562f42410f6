"""What is measured, one module each; in the order of the table."""

from collections.abc import Awaitable, Callable, Mapping

from tests.bench.measures import (
    batches,
    chunks,
    code,
    contention,
    files,
    fires,
    idle,
    memory,
    one_connection,
    redis,
    rules,
    singles,
    to_resolved,
    webhooks,
)
from tests.bench.pairs import Plan
from tests.bench.rows import Row
from tests.bench.stand import Stand

MEASURES: Mapping[str, Callable[[Stand, Plan], Awaitable[list[Row]]]] = {
    "singles": singles.measure,
    "one_connection": one_connection.measure,
    "contention": contention.measure,
    "to_resolved": to_resolved.measure,
    "chunks": chunks.measure,
    "redis": redis.measure,
    "rules": rules.measure,
    "import": files.measure,
    "fires": fires.measure,
    "idle": idle.measure,
    "code": code.measure,
    "batches": batches.measure,
    "webhooks": webhooks.measure,
    "memory": memory.measure,
}
