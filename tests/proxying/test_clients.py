"""Clients as customers' code has them, led by nothing but their environment."""

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.outbound.servers import Authority, saying, serving
from tests.proxying.making import listing, proxying, relaying, run

NAMES = {"files.test": ["127.0.0.1"], "inside.test": ["10.0.0.1"]}

HTTPX = """
import httpx, ssl, sys
url, trust = sys.argv[1:]
with httpx.Client(verify=ssl.create_default_context(cafile=trust)) as client:
    print(client.get(url).text)
"""
REQUESTS = """
import requests, sys
url, trust = sys.argv[1:]
print(requests.get(url, verify=trust).text)
"""
URLLIB = """
import ssl, sys, urllib.request
url, trust = sys.argv[1:]
context = ssl.create_default_context(cafile=trust)
print(urllib.request.urlopen(url, context=context).read().decode())
"""
HTTP_CLIENT = """
import http.client, os, ssl, sys, urllib.parse
url, trust = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2]
proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
if url.scheme == "https":
    context = ssl.create_default_context(cafile=trust)
    client = http.client.HTTPSConnection(proxy.hostname, proxy.port, context=context)
    client.set_tunnel(url.hostname, url.port or 443)
    client.request("GET", url.path)
else:
    client = http.client.HTTPConnection(proxy.hostname, proxy.port)
    client.request("GET", sys.argv[1])
print(client.getresponse().read().decode())
"""
AIO = """
import asyncio, httpx, ssl, sys
async def main(url, trust):
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=trust)) as client:
        print((await client.get(url)).text)
asyncio.run(main(*sys.argv[1:]))
"""
CLIENTS = {
    "httpx": HTTPX,
    "httpx, async": AIO,
    "requests": REQUESTS,
    "urllib": URLLIB,
    "http.client": HTTP_CLIENT,
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def trust(authority: Authority) -> Path:
    path = authority.folder / "authority.pem"
    path.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("is_tls", [True, False], ids=["https", "http"])
async def test_a_client_gets_through(
    authority: Authority, trust: Path, client: str, is_tls: bool
) -> None:
    certificate = authority.server_for("files.test") if is_tls else None
    async with serving(saying("200 OK", b"rows of a file"), certificate) as server:
        policy = listing(f"files.test:{server.port}")
        async with proxying(policy, NAMES) as site, relaying(site) as env:
            out, err = await run(CLIENTS[client], server.at("files.test"), str(trust), env=env)

            assert (out.strip(), err) == ("rows of a file", "")
            assert site.use_of("files.test").connections == 1


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_client_shows_why_not(trust: Path, client: str) -> None:
    async with proxying(listing(), NAMES) as site, relaying(site) as env:
        tunnelled = await run(CLIENTS[client], "https://inside.test/x", str(trust), env=env)
        plain = await run(CLIENTS[client], "http://inside.test/x", str(trust), env=env)

    assert "403 network_refused" in tunnelled[1]
    assert "network_refused" in plain[0] + plain[1]


async def test_the_relay_outlives_clients_that_break_off() -> None:
    async with serving(saying("200 OK", b"rows")) as server:
        policy = listing(f"files.test:{server.port}")
        async with proxying(policy, NAMES) as site, relaying(site) as env:
            port = int(env["ALL_PROXY"].rpartition(":")[2])
            for said in (b"", b"GET", b"\xff" * 100_000, b"\x05\x01\x00"):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(said)
                writer.transport.abort()
            out, _ = await run(REQUESTS, server.at("files.test"), "", env=env)

    assert out.strip() == "rows"


async def test_the_relay_outlives_the_proxy() -> None:
    async with proxying(listing(), NAMES) as site, relaying(site) as env:
        site.path.unlink()
        port = int(env["ALL_PROXY"].rpartition(":")[2])
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read() == b""
            writer.close()


async def test_two_hundred_threads_of_a_client_all_end() -> None:
    code = """
import collections, concurrent.futures, requests, sys
def ask(_):
    try:
        return requests.get(sys.argv[1], timeout=200).status_code
    except requests.RequestException as error:
        return type(error).__name__
with concurrent.futures.ThreadPoolExecutor(200) as pool:
    print(*sorted(map(str, set(pool.map(ask, range(400))))))
"""
    async with serving(saying("200 OK", b"rows")) as server:
        policy = listing(f"files.test:{server.port}")
        async with proxying(policy, NAMES) as site, relaying(site) as env:
            out, err = await run(code, server.at("files.test"), env=env)
            use = site.use_of("files.test")

    assert err == ""
    assert "200" in out.split()
    assert set(out.split()) <= {"200", "503"}
    assert use.connections == len(server.heard)
