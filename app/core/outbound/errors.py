"""What can go wrong with a call to a customer's address; no message holds any of it.

Invalid ────── AddressRefused     no https address, or one that leads where we do not call
               HeadersRefused     headers that are not a customer's to give
               FetchFailed        it answered, but not with 200
TooLarge ───── TooMuch            more bytes than the call takes
Unavailable ── NotReached         no connection, no trust, or broken off in the middle
               TooSlow            silent for too long, or not done by the deadline
"""

from app.core.errors import Invalid, TooLarge, Unavailable


class AddressRefused(Invalid):
    """The address cannot be called: {reason}."""


class HeadersRefused(Invalid):
    """The headers at the places listed cannot be sent."""


class FetchFailed(Invalid):
    """The address answered with the status {status} instead of 200."""


class NotReached(Unavailable):
    """The address cannot be read from: {reason}."""


class TooMuch(TooLarge):
    """The address sent more than {limit_bytes} bytes."""


class TooSlow(Unavailable):
    """The address took longer than a call may take."""
