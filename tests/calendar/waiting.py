"""Code that waits for a moment of the installation's own clock, as customers' code would wait for
something: it lets the clock be moved under it.
"""

from typing import Any

from tests.calendar.installation import Customer, Installation, Json
from tests.code_runs.making import zipped

WAITS = zipped("""
    import time
    from datetime import datetime, timedelta
    import requests
    from helper import LS

    def now():
        shown = {"Authorization": f"Bearer {LS.settings.key}"}
        clock = requests.get(f"{LS.settings.url}/v1/clock", headers=shown, timeout=200).json()
        return datetime.fromisoformat(clock["now"])

    def main(event):
        until = now() + timedelta(minutes=event["body"])
        print("waiting", flush=True)
        while now() < until:
            time.sleep(0.05)
""")


async def a_waiting_job(
    installation: Installation, customer: Customer, name: str = "waits", **fields: Any
) -> Json:
    """A published job whose runs wait for as many minutes as their body says."""
    job = await customer.with_code(WAITS, name, **fields)
    told = {"variables": {"url": installation.url}, "secrets": {"key": customer.key}}
    await customer.ask("PUT", f"/jobs/{job['id']}/variables", json=told)
    return job


async def waiting(customer: Customer, job: Json, minutes: float) -> Json:
    """A run of it that is at work."""
    run = await customer.start(job, minutes)
    await customer.says(run, "waiting")
    return run
