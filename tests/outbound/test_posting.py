"""Receivers that do everything a receiver should not: each costs its deadline, and nothing else."""

import asyncio
import tracemalloc
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.outbound.errors import AddressRefused, NotReached, TooSlow
from app.core.outbound.posting import ANSWER_BYTES, Answer, post
from app.core.outbound.requests import Patience
from tests.notifications.receiving import (
    Received,
    dripping,
    endless,
    never,
    receiving,
)
from tests.outbound.servers import Authority, Deed, saying

IMPATIENT = Patience(total=timedelta(seconds=0.4))


async def told(url: str, *, allow_private: bool = True, **options: Any) -> Answer:
    patience = options.pop("patience", Patience())
    return await post(
        url, b"{}", {"x-ours": "1"}, patience=patience, allow_private=allow_private, **options
    )


async def test_bytes_and_headers_arrive_as_they_are() -> None:
    async with receiving(saying("201 Created", b"thanks", "Retry-After: 7")) as receiver:
        answer = await told(receiver.url() + "?a=b%20c")

    assert answer == Answer(201, b"thanks", "7")
    (got,) = receiver.got
    assert got.body == b"{}"
    assert got.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": "penstock",
        "x-ours": "1",
        "accept-encoding": "identity",
        "connection": "close",
        "content-length": "2",
    }


@pytest.mark.parametrize("deed", [never, dripping])
async def test_who_does_not_answer_in_time_costs_its_deadline(deed: Deed) -> None:
    async with receiving(deed) as receiver:
        with pytest.raises(TooSlow):
            await told(receiver.url(), patience=IMPATIENT)


async def test_who_never_shakes_hands_costs_its_deadline(tmp_path: Path) -> None:
    async with receiving(never) as receiver:
        url = receiver.url("localhost").replace("http://", "https://")
        with pytest.raises(TooSlow):
            await told(url, patience=IMPATIENT, trust=Authority(tmp_path).trust)


async def test_of_a_gigabyte_the_first_bytes_are_read() -> None:
    async with receiving(endless) as receiver:
        tracemalloc.start()
        try:
            answer = await told(receiver.url())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert answer == Answer(200, b"x" * ANSWER_BYTES, None)
    assert peak < 20_000_000  # the receiver's own megabyte at a time is in it


async def test_a_status_counts_though_the_rest_never_comes() -> None:
    async def deed(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
        await never(writer)

    async with receiving(deed) as receiver:
        assert await told(receiver.url()) == Answer(200, b"begun", None)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200",
    ],
)
async def test_nonsense_is_no_answer(said: bytes) -> None:
    async def deed(writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with receiving(deed) as receiver:
        with pytest.raises(NotReached):
            await told(receiver.url())


async def test_hints_before_the_answer_are_passed_over() -> None:
    async def deed(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")

    async with receiving(deed) as receiver:
        assert await told(receiver.url()) == Answer(204, b"", None)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_inward_is_not_followed(status: str) -> None:
    places: list[str] = []

    async def deed(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\nLocation: {places[0]}\r\n\r\n".encode())

    async with receiving() as inside, receiving(deed) as receiver:
        places.append(inside.url())
        answer = await told(receiver.url())

    assert answer.status == int(status[:3])
    assert inside.got == []


@pytest.mark.parametrize("worse", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1"])
async def test_a_name_is_looked_up_and_judged_at_every_call(worse: str) -> None:
    """What may be called at first leads elsewhere later; whoever kept the verdict went there."""
    turns = iter([["127.0.0.1"], [worse], ["127.0.0.1", worse]])

    async def resolver(host: str, port: int) -> Sequence[str]:
        assert host == "rebinding.example"
        return next(turns)

    async with receiving() as receiver:
        url = receiver.url("rebinding.example")
        assert (await told(url, resolver=resolver)).status == 204
        for _ in range(2):
            with pytest.raises(AddressRefused):
                await told(url, resolver=resolver)

    assert [one.headers["host"] for one in receiver.got] == [f"rebinding.example:{receiver.port}"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "ftp://a.example/"])
async def test_what_is_inside_or_not_https_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        await told(url, allow_private=False)


async def test_a_certificate_has_to_be_of_the_host_and_of_somebody_trusted(tmp_path: Path) -> None:
    ours, strangers = Authority(tmp_path), Authority(tmp_path)
    expired = timedelta(days=-1)
    shown = [
        ours.server_for("localhost", valid_for=expired),
        strangers.server_for("localhost"),
        ours.server_for("elsewhere.example"),
    ]
    for context in shown:
        async with receiving(trust=context) as receiver:
            with pytest.raises(NotReached, match="certificate"):
                await told(receiver.url("localhost"), trust=ours.trust)
        assert receiver.got == []
    async with receiving(trust=ours.server_for("localhost")) as receiver:
        assert (await told(receiver.url("localhost"), trust=ours.trust)).status == 204


async def test_no_proxy_is_used_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await told(receiver.url())

    assert proxy.got == []
    assert [type(one) for one in receiver.got] == [Received]
