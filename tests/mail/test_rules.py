"""When it is tried again, what plain text an HTML message has, who has a mailbox."""

from datetime import timedelta

import httpx
import pytest

from app.core.settings import Settings
from app.main import create_app
from app.notifications.mail.rules import PAUSES, pause_after
from app.notifications.plain_text import plain_of
from tests.conftest import Tenant
from tests.mail.making import mail_server


def test_pauses_grow_and_end() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    assert timedelta(days=2) < sum(PAUSES, timedelta()) < timedelta(days=3)
    assert [pause_after(n + 1) for n in range(len(PAUSES))] == list(PAUSES)
    assert pause_after(len(PAUSES) + 1) is None


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two &amp; three</p>", "One\nTwo & three\n"),
        ("a<br>b\nc", "a\nb c\n"),
        ("<style>p{}</style><script>x()</script>seen", "seen\n"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3\n"),
        ("<p>open <b>ends", "open ends\n"),
        ("</style>still", "still\n"),
        ("", "\n"),
    ],
)
def test_an_html_message_as_plain_text(html: str, text: str) -> None:
    assert plain_of(html) == text


@pytest.mark.parametrize("is_sandbox", [True, False])
async def test_there_is_a_mailbox_only_in_a_sandbox_without_a_server(
    settings: Settings, tenant: Tenant, is_sandbox: bool
) -> None:
    async with mail_server() as server:
        smtp = server.settings() if is_sandbox else settings.smtp
    app = create_app(settings.model_copy(update={"sandbox": is_sandbox, "smtp": smtp}))
    transport = httpx.ASGITransport(app)
    bearer = {"Authorization": f"Bearer {tenant.key}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://x", headers=bearer) as http,
    ):
        answer = await http.get("/v1/mailbox")

    assert (answer.status_code, answer.json()["code"]) == (404, "no_mailbox")
