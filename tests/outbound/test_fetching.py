"""Reading from a customer's address: what is read, and everything that is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.core.outbound.errors import (
    AddressRefused,
    FetchFailed,
    HeadersRefused,
    NotReached,
)
from tests.outbound.reading import Names, read
from tests.outbound.servers import Authority, saying, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("authority")
    return Authority(folder)


async def test_the_bytes_are_read_as_they_were_sent() -> None:
    packed = bytes(range(256)) * 1000
    async with serving(saying("200 OK", packed, "Content-Encoding: gzip")) as server:
        found = await read(server.at("127.0.0.1"), {"Authorization": "Bearer k", "accept": "a/b"})

    assert found == packed
    (heard,) = server.heard
    assert heard.startswith("GET /rows.csv?day=1 HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}\r\n" in heard
    assert "authorization: Bearer k\r\n" in heard
    assert "accept: a/b\r\n" in heard
    assert "accept-encoding: identity\r\n" in heard


async def test_over_tls_the_name_is_asked_for_and_the_judged_address_dialled(
    authority: Authority,
) -> None:
    names = Names(["127.0.0.1"])
    async with serving(saying("200 OK", b"rows"), authority.server_for("files.test")) as server:
        found = await read(server.at("files.test"), resolver=names, trust=authority.trust)

    assert (found, names.asked) == (b"rows", ["files.test"])
    assert f"host: files.test:{server.port}\r\n" in server.heard[0]


async def test_the_next_address_is_tried_where_nobody_answers() -> None:
    async with serving(saying("200 OK", b"rows")) as server:
        names = Names(["127.0.0.2", "127.0.0.1"])

        assert await read(server.at("files.test"), resolver=names) == b"rows"


@pytest.mark.parametrize(
    ("shown", "believed"), [("other.test", True), ("files.test", False), ("expired.test", True)]
)
async def test_a_certificate_of_another_name_authority_or_time_is_not_believed(
    authority: Authority, shown: str, believed: bool
) -> None:
    is_expired = shown == "expired.test"
    valid_for = timedelta(days=-1 if is_expired else 1)
    certificate = authority.server_for(shown, valid_for=valid_for)
    trust = authority.trust if believed else None
    name = shown if is_expired else "files.test"
    async with serving(saying("200 OK"), certificate) as server:
        with pytest.raises(NotReached, match="certificate"):
            await read(server.at(name), resolver=Names(["127.0.0.1"]), trust=trust)

    assert server.heard == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["93.184.216.34", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["10.1.2.3"],
    ],
)
async def test_one_inner_address_is_enough_to_refuse_a_name(
    authority: Authority, addresses: list[str]
) -> None:
    async with serving(saying("200 OK"), authority.server_for("files.test")) as server:
        with pytest.raises(AddressRefused):
            await read(
                server.at("files.test"),
                allow_private=False,
                resolver=Names(addresses),
                trust=authority.trust,
            )

    assert server.heard == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:7f00:1]", "localhost"]
)
async def test_an_inner_address_is_refused_however_it_is_written(
    authority: Authority, host: str
) -> None:
    async with serving(saying("200 OK"), authority.server_for("files.test")) as server:
        with pytest.raises((AddressRefused, NotReached)) as refused:
            await read(server.at(host), allow_private=False, trust=authority.trust)

    assert server.heard == []
    assert refused.type is AddressRefused or host.startswith(("0x", "2"))


async def test_a_sandbox_does_not_call_the_machines_metadata_either() -> None:
    with pytest.raises(AddressRefused):
        await read("http://169.254.169.254/latest/meta-data/")


async def test_a_name_that_changes_its_mind_is_asked_once_and_judged_each_time() -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    async with serving(saying("200 OK", b"rows")) as server:
        assert await read(server.at("rebind.test"), resolver=names) == b"rows"
        assert len(names.asked) == 1
        with pytest.raises(AddressRefused):
            await read(server.at("rebind.test"), resolver=names)

    assert len(server.heard) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_not_followed(status: str) -> None:
    async with serving(saying("200 OK", b"secret")) as inside:
        leads_on = saying(status, b"", f"Location: {inside.at()}")
        async with serving(leads_on) as server:
            with pytest.raises(FetchFailed) as failed:
                await read(server.at())

    assert failed.value.facts == {"status": int(status[:3])}
    assert (len(server.heard), inside.heard) == (1, [])


@pytest.mark.parametrize("status", ["204 No Content", "206 Partial", "403 Forbidden", "500 Oops"])
async def test_any_answer_but_200_fails(status: str) -> None:
    body = b"" if status.startswith("204") else b"why"
    async with serving(saying(status, body)) as server:
        with pytest.raises(FetchFailed, match=status[:3]):
            await read(server.at())


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        serving(saying("200 OK", b"proxied")) as proxy,
        serving(saying("200 OK", b"rows")) as server,
    ):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await read(server.at()) == b"rows"

    assert proxy.heard == []


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https://",
        "https:///rows",
        "rows.csv",
        "",
        "https://user:word@example.com/",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://xn--example/",
        "https://xn--localhost/",
        "https://[::1/",
        "https://example.com/" + "x" * 2000,
        "https://example.com/\nHost: other",
    ],
)
async def test_what_is_no_plain_https_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        await read(address, allow_private=False, resolver=Names(["127.0.0.1"]))

    assert "example" not in str(refused.value)


@pytest.mark.parametrize("headers", [{"Host": "inside"}, {"X-A": "1\r\nHost: inside"}])
async def test_headers_that_are_ours_are_refused_before_anything_is_sent(
    headers: dict[str, str],
) -> None:
    async with serving(saying("200 OK")) as server:
        with pytest.raises(HeadersRefused):
            await read(server.at(), headers)

    assert server.heard == []


@pytest.mark.parametrize("addresses", [["127.0.0.3"], []])
async def test_where_nobody_answers_nothing_is_read(addresses: list[str]) -> None:
    async with serving(saying("200 OK")) as server:
        with pytest.raises(NotReached):
            await read(server.at("files.test"), resolver=Names(addresses))


async def test_a_name_that_nobody_knows_is_not_reached() -> None:
    with pytest.raises(NotReached, match="name"):
        await read("https://nowhere.invalid/")
