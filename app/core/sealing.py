"""Secrets that have to be read back: sealed before they are kept, opened only where they belong.

    version (1 byte) │ nonce (12) │ ciphertext and tag       AES-256-GCM
                                                             key: HKDF of the secret key and context

The context says what is sealed and for whom, e.g. `upload-source:` and the row's ids. Moved to
another row, or read for another purpose, it does not open.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.errors import Conflict

_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class Unsealable(Conflict):
    """What was kept sealed does not open: PENSTOCK_SECRET_KEY has changed, or the bytes have."""


def seal(secret_key: str, plain: bytes, *, context: bytes) -> bytes:
    """Encrypt, so that only the same key and context read it back; different at every call."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + _cipher(secret_key, context).encrypt(nonce, plain, _VERSION)


def unseal(secret_key: str, sealed: bytes, *, context: bytes) -> bytes:
    """What `seal` was given.

    Raises:
        Unsealable: another key, another context, or bytes that `seal` did not make.
    """
    version, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if version != _VERSION or len(nonce) != _NONCE_BYTES:
        raise Unsealable
    try:
        return _cipher(secret_key, context).decrypt(nonce, rest, version)
    except InvalidTag:
        raise Unsealable from None


def _cipher(secret_key: str, context: bytes) -> AESGCM:
    derive = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"penstock sealing 1\x00" + context)
    return AESGCM(derive.derive(secret_key.encode()))
