"""Customers' code as they meet it: uploaded, planned, followed and let out, over HTTP alone."""

import asyncio
import io
import zipfile

from tests.calendar.conftest import MakeCustomer
from tests.calendar.installation import HOUR, ROOMY, SECOND, Customer, Installation, Json
from tests.code_runs.making import TEMPLATE, zipped
from tests.code_runs.test_events import Event, some_of
from tests.jobs_code.wheels_making import Wheels
from tests.outbound.servers import saying, serving

SLEEPS = zipped("""
    import time
    def main():
        print("at work", flush=True)
        time.sleep(600)
""")
CALLS = zipped("""
    import requests

    def main(event):
        found = []
        for url in event["body"]:
            try:
                found.append(requests.get(url, timeout=200).text.split(":")[0])
            except requests.RequestException as error:
                found.append(type(error).__name__)
        return found
""")
COUNTS_TO_SIXTY = zipped("""
    import time
    def main():
        for number in range(60):
            print(number, flush=True)
            time.sleep(0.02)
""")
# As many as one account may have.
WATCHERS = 20


async def test_the_next_moment_takes_the_place_of_the_run_before(
    installation: Installation, make_customer: MakeCustomer
) -> None:
    customer = await make_customer(**ROOMY)
    # Time is booked on the day on which a run began, and asked for on that day.
    first = await installation.at_noon() + HOUR
    every = {"type": "interval", "every": "PT1H", "starts_at": first.isoformat()}
    job = await customer.with_code(
        SLEEPS, schedule=every | {"overlap": "cancel_other"}, timeout="PT3H"
    )
    for number in range(2):
        await installation.step(first + number * HOUR + SECOND - await installation.now())
        await customer.until_runs(job, number + 1)
        newest = (await customer.runs(job))[-1]
        await customer.says(newest, "at work")
    before, after = await customer.runs(job)
    before = await customer.ended(before)
    fires = await customer.fires(job)

    assert (before["state"], before["error"]) == ("cancelled", None)
    assert [one["ending"] for one in before["details"]["attempts"]] == ["cancelled"]
    assert (await customer.run(after))["state"] == "running"
    assert [fire["run_id"] for fire in fires] == [before["id"], after["id"]]
    assert fires[1]["details"]["other_run_id"] == before["id"]
    # The one that was cancelled had been at work for an hour of the clock.
    assert 59 <= (await customer.minutes())["used"] <= 62


async def test_code_goes_where_the_account_lists_and_nowhere_else(customer: Customer) -> None:
    job = await customer.with_code(CALLS)
    async with (
        serving(saying("200 OK", b"listed: 1")) as listed,
        serving(saying("200 OK", b"other: 1")) as other,
    ):
        await customer.ask(
            "PATCH",
            "/account",
            json={"code_allow_list": [f"127.0.0.1:{listed.port}"], "code_only_listed": True},
        )
        body = [listed.at(), other.at(), "https://example.com/", "http://169.254.169.254/latest"]
        run = await customer.ended(await customer.start(job, body))

    assert run["error"] is None
    # A refusal is the answer to a plain request, and the end of a tunnel.
    assert run["details"]["returned"] == [
        *("listed", "port_not_allowed", "ProxyError", "host_not_allowed")
    ]
    assert (len(listed.heard), other.heard) == (1, [])
    assert {
        (one["host"], one["port"]): (one["connections"], one["refused"])
        for one in run["details"]["hosts"]
    } == {
        ("127.0.0.1", listed.port): (1, {}),
        ("127.0.0.1", other.port): (0, {"port_not_allowed": 1}),
        ("example.com", 443): (0, {"host_not_allowed": 1}),
        ("169.254.169.254", 80): (0, {"host_not_allowed": 1}),
    }


async def test_what_an_upload_requires_is_installed_and_imported(
    customer: Customer, wheels: Wheels
) -> None:
    wheels.add("penstock_tests_deep")
    wheels.add("penstock_tests_greeting", needs=["penstock_tests_deep"])
    source = """
        import penstock_tests_deep, penstock_tests_greeting as greeting
        def main(): return [greeting.VERSION, penstock_tests_deep.VERSION]
    """
    job = await customer.with_code(
        zipped(source, requirements__txt="penstock_tests_greeting==1.0\n")
    )
    run = await customer.ended(await customer.start(job))
    nowhere = zipped(source, requirements__txt="penstock_tests_nowhere\n")
    refused = await customer.http.put(f"/v1/jobs/{job['id']}/code", content=nowhere)

    assert run["details"]["returned"] == ["1.0", "1.0"]
    assert (refused.status_code, refused.json()["code"]) == (422, "requirements_failed")
    assert "penstock_tests_nowhere" in refused.text.replace("-", "_")


async def test_many_watch_one_run_and_each_sees_all_of_it(customer: Customer) -> None:
    job = await customer.with_code(COUNTS_TO_SIXTY)
    run = await customer.start(job)
    path = f"/v1/runs/{run['id']}/events"

    async def watch() -> list[Event]:
        return await some_of(customer.http, path, None, 1_000)

    seen = await asyncio.gather(*(watch() for _ in range(WATCHERS)))

    for events in seen:
        lines = [one.data["text"] for one in events if one.name == "log"]
        assert lines == [str(number) for number in range(60)]
        assert (events[-1].name, events[-1].data["state"]) == ("run", "succeeded")


async def test_the_public_template_is_uploaded_published_and_run(
    customer: Customer,
) -> None:
    """Zipped as its own tool does it: what lies in `src`, without that folder."""
    packed = io.BytesIO(zipped(TEMPLATE))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("__init__.py", "")
    job = await customer.with_code(packed.getvalue())
    without = await customer.ended(await customer.start(job))
    told: Json = {"variables": {"mykey": "my value"}}
    await customer.ask("PUT", f"/jobs/{job['id']}/variables", json=told)
    complete = await customer.ended(await customer.start(job))

    assert without["state"] == complete["state"] == "succeeded"
    assert await customer.texts(without) == ["Hello", "Hello", "AttributeError"]
    assert (await customer.texts(complete))[-1] == "Debug Log Example"
