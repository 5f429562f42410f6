"""Following a run until it ends."""

import time

from app.client.api import Api
from app.client.ledger import OnRun, Run

_PAUSE = 0.5  # seconds between looks


def watch(api: Api, run_id: str, seen: OnRun) -> Run:
    """Look at the run twice a second until it has ended; returns it as it ended.

    Raises:
        GaveUp: the API is silent for too long. The run itself goes on without being watched.
        Refused: there is no such run, or the key may not see it.
    """
    while True:
        run = api.ask(Run, f"/v1/runs/{run_id}")
        seen(run)
        if run.has_ended:
            return run
        time.sleep(_PAUSE)
