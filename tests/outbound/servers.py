"""Servers that misbehave as told, on the loopback address, and who vouches for them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

Deed: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """One that does the same deed for every request, and remembers what it was asked."""

    port: int = 0
    scheme: str = "http"
    heard: list[str] = field(default_factory=list)

    def at(self, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}/rows.csv?day=1"


@asynccontextmanager
async def serving(deed: Deed, trust: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server while the block lasts; over TLS if it has a certificate to show."""
    server = Server(scheme="https" if trust else "http")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server.heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await deed(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=trust)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


def saying(status: str, body: bytes = b"", *headers: str) -> Deed:
    """Answers with this, in full."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]

    async def deed(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + body)

    return deed


@dataclass
class Authority:
    """Signs certificates that only whoever trusts it believes."""

    folder: Path

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("throwaway authority")
        self.certificate = self._signed(self._name, self._key.public_key(), is_authority=True)

    @property
    def trust(self) -> ssl.SSLContext:
        """What a client believes who knows this authority and no other."""
        shown = self.certificate.public_bytes(Encoding.PEM).decode()
        return ssl.create_default_context(cadata=shown)

    def server_for(self, name: str, *, valid_for: timedelta = timedelta(days=1)) -> ssl.SSLContext:
        """What a server shows that is called by this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(_named(name), key.public_key(), host=name, valid_for=valid_for)
        pem = self.folder / f"{name}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        return context

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        host: str | None = None,
        is_authority: bool = False,
        valid_for: timedelta = timedelta(days=1),
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        ours = self._key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + valid_for)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ours), critical=False)
        )
        if host is not None:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
