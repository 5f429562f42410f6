"""Letters that are posted, sent by SMTP to a real server, and recorded."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import SecretStr

from app.core import clock
from app.core.driver import driver_of
from app.core.failpoints import Purpose
from app.core.ids import uuid7
from app.core.resources import Resources
from app.notifications import smtp
from app.notifications.conversation import Fate, Outcome
from app.notifications.mail import queries, service
from app.notifications.mailing import Attachment, keep, post
from tests.conftest import MakeTenant, Tenant
from tests.mail.making import (
    SENDER,
    a_letter,
    a_mail,
    copies_of,
    mail_server,
    posted,
    send_all,
    waiting_of,
    worker_with,
)
from tests.outbound.servers import Authority
from tests.ports import free_port
from workers.mail import send_copy


async def test_a_letter_arrives_once_with_all_its_parts(
    tenant: Tenant, resources: Resources
) -> None:
    letter = a_letter(
        subject="Grüße: 3 rows failed",
        text="Three rows failed.\nÄ.\n",
        html="<p>Three rows <b>failed</b>.</p>",
        attachments=[Attachment("rows.csv", b"a,b\r\n1,2\r\n"), Attachment("blob", b"\x00\xff")],
    )
    await posted(resources, tenant, letter)
    (copy_id,) = await waiting_of(resources, tenant)

    async with mail_server() as server, worker_with(resources, server.settings()) as work:
        for _ in range(2):
            await send_all(work, tenant)

    (mail,) = server.mails
    assert (mail["To"], mail["Subject"]) == ("ops@example.com", "Grüße: 3 rows failed")
    assert mail["From"] == f"Penstock <{SENDER}>"
    assert mail["Message-ID"] == f"<{copy_id}@example.com>"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == letter.text.splitlines()
    assert html.get_content().strip() == letter.html
    files = [(one.get_filename(), one.get_content()) for one in mail.iter_attachments()]
    assert files == [("rows.csv", "a,b\r\n1,2\r\n"), ("blob", b"\x00\xff")]
    assert await copies_of(resources, tenant) == {"ops@example.com": ("sent", None)}
    assert await waiting_of(resources, tenant) == []


async def test_nothing_is_sent_of_what_was_rolled_back(
    tenant: Tenant, resources: Resources
) -> None:
    with pytest.raises(RuntimeError):
        await _post_and_fail(resources, tenant)

    assert await waiting_of(resources, tenant) == []


async def test_each_recipient_gets_one_copy_of_his_own(
    tenant: Tenant, resources: Resources
) -> None:
    letter = a_letter("ada@example.com", "Grace@example.com", "grace@EXAMPLE.com")
    await posted(resources, tenant, letter, a_letter(to=()))

    async with mail_server() as server, worker_with(resources, server.settings()) as work:
        await send_all(work, tenant)

    assert sorted(server.recipients) == ["Grace@example.com", "ada@example.com"]
    assert len({mail["Message-ID"] for mail in server.mails}) == 2


@pytest.mark.parametrize(
    ("answer", "state"),
    [("550 no such user", "failed"), ("451 try again later", "waiting")],
)
async def test_a_recipient_who_is_refused_takes_nobody_along(
    tenant: Tenant, resources: Resources, answer: str, state: str
) -> None:
    await posted(resources, tenant, a_letter("ada@example.com", "gone@example.com"))

    async with mail_server() as server, worker_with(resources, server.settings()) as work:
        server.refuses["gone@example.com"] = answer
        await send_all(work, tenant)

    assert server.recipients == ["ada@example.com"]
    assert await copies_of(resources, tenant) == {
        "ada@example.com": ("sent", None),
        "gone@example.com": (state, answer),
    }
    assert len(await waiting_of(resources, tenant)) == (state == "waiting")


@pytest.mark.parametrize(
    ("answer", "state"), [("554 looks like spam", "failed"), ("452 disk is full", "waiting")]
)
async def test_content_that_is_refused_for_good_is_not_sent_again(
    tenant: Tenant, resources: Resources, answer: str, state: str
) -> None:
    await posted(resources, tenant, a_letter())

    async with mail_server() as server, worker_with(resources, server.settings()) as work:
        server.refuses_content = answer
        await send_all(work, tenant)

    assert await copies_of(resources, tenant) == {"ops@example.com": (state, answer)}


async def test_starttls_and_a_login(tenant: Tenant, resources: Resources, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ca_file = tmp_path / "authority.pem"
    ca_file.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    login = {
        "host": "localhost",
        "username": "penstock",
        "ca_file": str(ca_file),
        "security": "starttls",
    }
    await posted(resources, tenant, a_letter())

    async with mail_server(authority.server_for("localhost"), has_login=True) as server:
        wrong = server.settings(**login, password=SecretStr("hush"))
        async with worker_with(resources, wrong) as work:
            await send_all(work, tenant)
        first = await copies_of(resources, tenant)
        await _make_due(resources, tenant)
        right = server.settings(**login, password=SecretStr("open sesame"))
        async with worker_with(resources, right) as work:
            await send_all(work, tenant)

    assert first["ops@example.com"][0] == "waiting", "the operator can put it right"
    assert str(first["ops@example.com"][1]).startswith("535")
    assert await copies_of(resources, tenant) == {"ops@example.com": ("sent", None)}
    assert server.were_encrypted == [True]


async def test_a_server_that_nobody_vouches_for_gets_nothing(
    tenant: Tenant, resources: Resources, tmp_path: Path
) -> None:
    await posted(resources, tenant, a_letter())

    async with mail_server(Authority(tmp_path).server_for("localhost")) as server:
        settings = server.settings(host="localhost", security="starttls")
        async with worker_with(resources, settings) as work:
            await send_all(work, tenant)

    assert server.mails == []
    assert (await copies_of(resources, tenant))["ops@example.com"][0] == "waiting"


async def test_without_starttls_nothing_goes_out_in_the_clear(
    tenant: Tenant, resources: Resources
) -> None:
    await posted(resources, tenant, a_letter())

    async with mail_server() as server:
        settings = server.settings(security="starttls")
        async with worker_with(resources, settings) as work:
            await send_all(work, tenant)

    assert server.mails == []
    assert (await copies_of(resources, tenant))["ops@example.com"][0] == "waiting"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\u2028"])
async def test_no_header_can_be_smuggled_in(tenant: Tenant, resources: Resources, end: str) -> None:
    letter = a_letter(
        subject=f"Done{end}Bcc: eve@example.com{end}{end}<script>",
        attachments=[Attachment(f"a.txt{end}X-Evil: 1", b"x")],
    )
    await posted(resources, tenant, letter, a_letter(f"ada@example.com{end}Bcc: eve@example.com"))

    async with mail_server() as server, worker_with(resources, server.settings()) as work:
        await send_all(work, tenant)

    assert [mail["Subject"] for mail in server.mails] == ["Done Bcc: eve@example.com <script>"]
    assert server.mails[0]["Bcc"] is None
    assert all(part["X-Evil"] is None for part in server.mails[0].walk())
    assert server.recipients == ["ops@example.com"]
    assert sorted(state for state, _ in (await copies_of(resources, tenant)).values()) == [
        "failed",
        "sent",
    ]


async def test_whoever_comes_too_late_records_nothing(tenant: Tenant, resources: Resources) -> None:
    """A worker stood still while it was sending; its lease ended, and another one sent it."""
    await posted(resources, tenant, a_letter())
    (copy_id,) = await waiting_of(resources, tenant)
    account_id = tenant.account_id
    async with resources.unit_of_work(account_id, purpose=Purpose.MAIL_CLAIM) as session:
        slow = await queries.claim(session, account_id, copy_id, lease=timedelta())
    assert slow is not None

    async with mail_server() as server, worker_with(resources, server.settings()) as work:
        await send_copy(work, account_id, copy_id)
    async with resources.unit_of_work(account_id, purpose=Purpose.MAIL_RECORD) as session:
        outcome = Outcome(Fate.DEFERRED, "too late")
        now = clock.business_now(session)
        is_recorded = await service.record(session, slow, outcome, now=now)

    assert not is_recorded
    assert await copies_of(resources, tenant) == {"ops@example.com": ("sent", None)}


async def test_whoever_has_a_copy_has_it_alone(tenant: Tenant, resources: Resources) -> None:
    await posted(resources, tenant, a_letter())
    (copy_id,) = await waiting_of(resources, tenant)
    place = (tenant.account_id, copy_id)
    async with resources.unit_of_work(tenant.account_id) as session:
        lease = resources.settings.scoring.lease
        assert await queries.claim(session, *place, lease=lease) is not None

    async with mail_server() as server, worker_with(resources, server.settings()) as work:
        await send_all(work, tenant)

    assert server.mails == []


async def test_without_a_server_a_sandbox_keeps_and_all_else_waits(
    make_tenant: MakeTenant, resources: Resources
) -> None:
    here, elsewhere = await make_tenant(), await make_tenant()
    none = resources.settings.smtp
    for tenant in (here, elsewhere):
        await posted(resources, tenant, a_letter())

    async with worker_with(resources, none) as work:
        await send_all(work, here)
    async with worker_with(resources, none, sandbox=False) as work:
        await send_all(work, elsewhere)

    assert await copies_of(resources, here) == {"ops@example.com": ("kept", None)}
    assert await copies_of(resources, elsewhere) == {
        "ops@example.com": ("waiting", "no SMTP server is configured")
    }


async def test_the_port_says_what_became_of_a_single_mail(resources: Resources) -> None:
    async with mail_server() as server:
        server.refuses["gone@example.com"] = "550 no such user"
        settings = server.settings()
        outcomes = [
            await smtp.send(a_mail(to), settings, is_sandbox=True)
            for to in ("ada@example.com", "gone@example.com", "no address")
        ]
    down = await smtp.send(a_mail(), server.settings(port=free_port()), is_sandbox=True)

    assert [one.fate for one in (*outcomes, down)] == [
        Fate.SENT,
        Fate.REFUSED,
        Fate.REFUSED,
        Fate.DEFERRED,
    ]


async def test_what_somebody_sends_by_himself_is_kept_in_the_mailbox_too(
    tenant: Tenant, resources: Resources
) -> None:
    async with resources.unit_of_work(tenant.account_id) as session:
        now = clock.business_now(session)
        letter = a_letter("lead@example.com", cause="participant")
        await keep(session, tenant.account_id, uuid7(), letter, at=now)

    (mail,) = (await tenant.http.get("/v1/mailbox")).json()["items"]

    assert (mail["to"], mail["cause"]) == ("lead@example.com", "participant")
    assert await waiting_of(resources, tenant) == []


async def _post_and_fail(resources: Resources, tenant: Tenant) -> None:
    async with resources.unit_of_work(tenant.account_id) as session:
        await post(session, tenant.account_id, [a_letter()], at=clock.business_now(session))
        raise RuntimeError


async def _make_due(resources: Resources, tenant: Tenant) -> None:
    async with resources.unit_of_work(tenant.account_id) as session:
        await (await driver_of(session)).execute(
            "UPDATE pending_copies SET due_at = business_now() WHERE account_id = $1",
            tenant.account_id,
        )
