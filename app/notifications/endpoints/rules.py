"""Secrets and signatures as https://www.standardwebhooks.com has them, and addresses. Pure.

secret      whsec_ and 24 to 64 random bytes in Base64; shown once, kept sealed
signature   v1, and the HMAC-SHA256 of id.timestamp.body under those bytes, in Base64
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

from app.core.errors import Fault
from app.core.outbound.errors import AddressRefused
from app.core.outbound.requests import checked_address
from app.core.outbound.rules import may_call

PREFIX = "whsec_"
ROTATION = timedelta(hours=24)
_SECRET_BYTES = 32


def new_secret() -> str:
    """A secret nobody has had before."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(
    keys: Sequence[str], webhook_id: str, sent_at: datetime, body: bytes
) -> dict[str, str]:
    """The three headers by which a receiver knows who it was; one signature for each secret."""
    timestamp = str(int(sent_at.timestamp()))
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    parts = [
        hmac.new(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
        for key in keys
    ]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(part).decode()}" for part in parts),
    }


def fault_in_address(url: str, *, allow_private: bool) -> Fault | None:
    """What is wrong with an address at first sight; names are judged at every connection."""
    try:
        host = checked_address(url, allow_private=allow_private).host
    except AddressRefused as refused:
        return Fault("/url", "bad_address", refused.facts["reason"])
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if may_call(host, allow_private=allow_private):
        return None
    return Fault("/url", "bad_address", "its network is not one that is called from here")
