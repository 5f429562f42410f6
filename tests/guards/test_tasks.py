"""Whatever a ring can ask for, a worker does: once, and without keeping a result."""

from app.core.queue import QUEUE_OF, Task
from workers.main import FUNCTIONS
from workers.task import TIMEOUT_SECONDS


def test_every_task_has_a_queue() -> None:
    assert set(QUEUE_OF) == set(Task)


def test_every_task_has_a_worker_that_listens_on_its_queue() -> None:
    listened = {
        function.name: queue for queue, functions in FUNCTIONS.items() for function in functions
    }

    assert listened == {task.value: queue for task, queue in QUEUE_OF.items()}


def test_every_task_is_tried_once_and_keeps_no_result() -> None:
    for functions in FUNCTIONS.values():
        for function in functions:
            assert function.max_tries == 1
            assert function.keep_result_s == 0
            assert function.timeout_s == TIMEOUT_SECONDS
