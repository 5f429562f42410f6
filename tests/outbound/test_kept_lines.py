"""Connections kept for the next call: fewer of them, to nowhere else, and no call is lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.outbound.errors import AddressRefused, NotReached, TooSlow
from app.core.outbound.lines import Kept, Own
from app.core.outbound.posting import Answer, post
from app.core.outbound.requests import Patience
from tests.faults.processes import until
from tests.outbound.servers import Authority

FINE = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Host:
    """A server that goes on after an answer: by connection, what it was asked."""

    answers: Sequence[bytes]
    port: int = 0
    scheme: str = "http"
    heard: list[list[bytes]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}/hook"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked: list[bytes] = []
        self.heard.append(asked)
        self.writers.append(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                asked.append(await reader.readexactly(2))
                assert b"connection: close" not in head
                said = self.answers[min(self.calls, len(self.answers)) - 1]
                writer.write(said)
                if not said:
                    writer.close()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @property
    def calls(self) -> int:
        return sum(map(len, self.heard))


@asynccontextmanager
async def hosting(*answers: bytes, authority: Authority | None = None) -> AsyncIterator[Host]:
    trust = authority.server_for("localhost") if authority else None
    host = Host(answers or (FINE,), scheme="https" if trust else "http")
    listening = await asyncio.start_server(host.answer, "127.0.0.1", 0, ssl=trust)
    host.port = listening.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        listening.close()
        for writer in host.writers:
            writer.transport.abort()


@pytest.fixture
def kept() -> Kept:
    # Longer than any test: how fast this machine is must not matter.
    return Kept(idle_seconds=300, oldest_seconds=300)


async def told(url: str, kept: Own, **options: object) -> Answer:
    given = {"patience": Patience(total=timedelta(minutes=4)), "allow_private": True, **options}
    return await post(url, b"{}", {"x-ours": "1"}, kept=kept, **given)  # type: ignore[arg-type]  # a test's own options


async def test_calls_to_one_endpoint_go_over_one_connection(kept: Kept) -> None:
    async with hosting() as host:
        for _ in range(5):
            assert await told(host.url(), kept.of("hook")) == Answer(204, b"", None)
        kept.hang_up()

    assert host.heard == [[b"{}"] * 5]


async def test_over_tls_as_well(kept: Kept, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with hosting(authority=authority) as host:
        for _ in range(3):
            await told(host.url("localhost"), kept.of("hook"), trust=authority.trust)
        kept.hang_up()

    assert [len(asked) for asked in host.heard] == [3]


async def test_calls_at_the_same_time_have_a_connection_each(kept: Kept) -> None:
    async with hosting() as host:
        await asyncio.gather(*(told(host.url(), kept.of("hook")) for _ in range(4)))
        await asyncio.gather(*(told(host.url(), kept.of("hook")) for _ in range(4)))
        kept.hang_up()

    assert [len(asked) for asked in host.heard] == [2] * 4


async def test_nobody_else_uses_them(kept: Kept) -> None:
    async with hosting() as host:
        await told(host.url(), kept.of("hook"))
        await told(host.url(), kept.of("another"))
        await told(host.url("localhost"), kept.of("hook"))
        kept.hang_up()

    assert [len(asked) for asked in host.heard] == [1, 1, 1]


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        b"HTTP/1.0 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000,
        FINE + FINE,
    ],
)
async def test_what_has_more_to_say_or_wants_to_end_is_not_kept(kept: Kept, said: bytes) -> None:
    async with hosting(said) as host:
        for _ in range(2):
            await told(host.url(), kept.of("hook"))
        kept.hang_up()

    assert [len(asked) for asked in host.heard] == [1, 1]


async def test_who_closed_a_kept_connection_is_called_anew(kept: Kept) -> None:
    """It answers the first call, and closes as the second arrives: that one is said again."""
    async with hosting(FINE, b"", FINE) as host:
        await told(host.url(), kept.of("hook"))
        assert (await told(host.url(), kept.of("hook"))).status == 204
        kept.hang_up()

    assert [len(asked) for asked in host.heard] == [2, 1]


async def test_who_closes_a_fresh_connection_is_not_called_again(kept: Kept) -> None:
    async with hosting(b"") as host:
        with pytest.raises(NotReached):
            await told(host.url(), kept.of("hook"))

    assert host.calls == 1


async def test_who_falls_silent_on_a_kept_connection_costs_the_same_deadline(kept: Kept) -> None:
    async with hosting(FINE, b"HTTP/1.1 1") as host:
        await told(host.url(), kept.of("hook"))
        patience = Patience(total=timedelta(seconds=1))
        with pytest.raises(TooSlow):
            await told(host.url(), kept.of("hook"), patience=patience)

        async def has_heard_it() -> bool:
            return host.calls == 2

        await until(has_heard_it)


async def test_they_are_let_go_when_nobody_calls_or_they_are_old() -> None:
    impatient, forgetful = Kept(idle_seconds=0), Kept(oldest_seconds=0)
    async with hosting() as host:
        for some in (impatient, forgetful):
            for _ in range(2):
                await told(host.url(), some.of("hook"))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            some.hang_up()

    assert [len(asked) for asked in host.heard] == [1] * 4


async def test_a_name_that_leads_inside_by_now_is_never_dialled_again(kept: Kept) -> None:
    """The connection leads where it led when it was judged; the next one is judged."""
    turns = iter([["127.0.0.1"], ["169.254.169.254"]])

    async def resolver(_: str, __: int) -> Sequence[str]:
        return next(turns)

    async with hosting() as host:
        url, own = host.url("rebinding.example"), kept.of("hook")
        for _ in range(2):
            await told(url, own, resolver=resolver)
        kept.hang_up()
        with pytest.raises(AddressRefused):
            await told(url, own, resolver=resolver)

    assert host.heard == [[b"{}"] * 2]


async def test_no_header_can_be_smuggled_in(kept: Kept) -> None:
    async with hosting() as host:
        with pytest.raises(ValueError, match="one line"):
            await post(
                host.url(),
                b"{}",
                {"x-ours": "1\r\nx-theirs: 2"},
                patience=Patience(),
                allow_private=True,
                kept=kept.of("hook"),
            )

    assert host.calls == 0
