"""How a coroutine becomes a task: it takes ids, and is safe to run twice."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from arq.worker import Function, func

from app.core.queue import Task
from workers.work import Work

Deed = Callable[[Work, UUID, UUID], Awaitable[None]]

# No task works longer than 20 s; the rest is room for a slow database.
TIMEOUT_SECONDS = 60


def task(name: Task, deed: Deed) -> Function:
    """Register a deed under its ring's name: two ids in, nothing out, tried once."""

    async def run(context: dict[str, Any], account_id: str, subject_id: str) -> None:
        work: Work = context["work"]
        if not work.is_stopping.is_set():
            await deed(work, UUID(account_id), UUID(subject_id))

    coroutine: Any = run  # arq's own type wants *args and **kwargs
    return func(coroutine, name=name.value, keep_result=0, timeout=TIMEOUT_SECONDS, max_tries=1)
