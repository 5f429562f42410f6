"""API keys: their form, and what of them is kept.

    pk_<public>_<secret>_<crc>

`public` finds the row, `secret` is compared as HMAC-SHA256 under the installation's key, `crc`
lets a typing error be told from a wrong key without a look at the database.
"""

import hmac
import secrets
import string
import zlib
from dataclasses import dataclass
from enum import StrEnum

_ALPHABET = string.ascii_letters + string.digits
_PUBLIC_LENGTH = 12
_SECRET_LENGTH = 32


class Scope(StrEnum):
    """What a key may do; `platform` belongs to the installation, the others to an account."""

    READ = "read"
    INGEST = "ingest"
    OPERATE = "operate"
    MANAGE = "manage"
    ADMIN = "admin"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Key:
    """An API key in its parts; only the holder has the secret."""

    public: str
    secret: str

    def __str__(self) -> str:
        body = f"pk_{self.public}_{self.secret}"
        return f"{body}_{_crc(body)}"

    def __repr__(self) -> str:
        return f"Key(public={self.public!r})"


def new_key() -> Key:
    return Key(_random(_PUBLIC_LENGTH), _random(_SECRET_LENGTH))


def parse_key(value: str) -> Key | None:
    """The key in a bearer token, or None if it never was one of ours."""
    body, _, crc = value.rpartition("_")
    parts = body.split("_")
    if len(parts) != 3 or parts[0] != "pk" or not body.isascii() or not crc.isascii():
        return None
    if not hmac.compare_digest(_crc(body), crc):
        return None
    return Key(parts[1], parts[2])


def digest(secret_key: str, key: Key) -> str:
    """What the database keeps of a key: HMAC-SHA256 of its secret, in hex."""
    return hmac.new(secret_key.encode(), key.secret.encode(), "sha256").hexdigest()


def is_same(kept: str, shown: str) -> bool:
    return hmac.compare_digest(kept, shown)


def _crc(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
