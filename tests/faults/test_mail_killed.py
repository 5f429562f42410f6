"""A worker killed between the server's word and its own record: sent again, and known again."""

import signal
from datetime import UTC, datetime

from pydantic import SecretStr

from app.core.ids import uuid7
from app.core.resources import Resources
from app.core.settings import Settings
from app.notifications.mailing import post
from tests.faults.ground import SECRET, Ground
from tests.faults.processes import until
from tests.mail.making import a_letter, mail_server


async def test_a_copy_whose_record_was_lost_comes_again_under_the_same_message_id(
    ground: Ground,
) -> None:
    people = [f"p{number}@example.com" for number in range(3)]
    await _post(ground, people)
    async with mail_server() as server:
        told = {
            "PENSTOCK_SANDBOX": "true",
            "PENSTOCK_SMTP__HOST": "127.0.0.1",
            "PENSTOCK_SMTP__PORT": str(server.port),
            "PENSTOCK_SMTP__SECURITY": "none",
            "PENSTOCK_SMTP__FROM_ADDRESS": "penstock@example.com",
            "PENSTOCK_SMTP__TIMEOUT": "PT4M",
            "PENSTOCK_SMTP__AT_ONCE": "1",
        }

        async def are_recorded() -> bool:
            sent = "SELECT count(*) FROM message_copies WHERE state = 'sent'"
            return await ground.count(sent) == len(people)

        armed = {"PENSTOCK_FAILPOINT": "mail_record.before_commit:2"}
        killed = await ground.processes.worker(**told, **armed)
        assert await killed.wait() == -signal.SIGKILL
        # What it had is nobody's, as time would make it.
        await ground.fetch("UPDATE pending_copies SET leased_until = clock_timestamp()")
        await ground.processes.worker(**told)
        await until(are_recorded)

    assert sorted(set(server.recipients)) == people
    assert len(server.mails) == len(people) + 1
    by_id = {mail["Message-ID"]: mail["To"] for mail in server.mails}
    assert sorted(by_id.values()) == people


async def _post(ground: Ground, people: list[str]) -> None:
    settings = Settings(
        database_url=SecretStr(ground.database_url),
        redis_url=SecretStr(ground.valkey.url()),
        secret_key=SecretStr(SECRET),
    )
    (account,) = await ground.fetch("SELECT id FROM accounts WHERE name = 'acme'")
    async with Resources(settings) as resources, resources.unit_of_work(account["id"]) as session:
        letter = a_letter(*people, cause_id=uuid7())
        await post(session, account["id"], [letter], at=datetime.now(UTC))
