"""Why the proxy refuses; the code and its sentence are what the customer's code is told.

Forbidden ──── HostNotAllowed       not public, or not on the list where only the list counts
               PortNotAllowed       the host may be reached, but not this port of it
               NetworkRefused       the name leads inside, or to the machine's metadata
               PathNotAllowed       this installation, but not below /v1, or by a tunnel
               ByteCap              the run has sent or received as much as it may
               ConnectionsUsedUp    as many in all as a run may have
Invalid ────── BadRequest           nothing that a proxy understands
               HeadTooLarge         a request's head without end
Unavailable ── RequestTooSlow       a request's head that does not end
               TooManyConnections   as many at once as a run may have
               Silent               nobody answered, or nothing came any more
               BadAnswer            the server's answer is no HTTP

`NotReached` comes from `app.core.outbound`. A client that is gone is told nothing: `Gone`.
"""

from app.core.errors import Forbidden, Invalid, Unavailable


class HostNotAllowed(Forbidden):
    """This host is not among those that the account's code may reach."""


class PortNotAllowed(Forbidden):
    """Only ports 80 and 443 may be reached, and those that the account's allow list names."""


class NetworkRefused(Forbidden):
    """The host leads to a network that code may not reach: a private, local or reserved one."""


class PathNotAllowed(Forbidden):
    """Of this installation only its API below /v1 may be reached, and without TLS by no tunnel."""


class ByteCap(Forbidden):
    """The run has sent or received as many bytes as it may; the connection was cut."""


class BadRequest(Invalid):
    """This is no request for a proxy: {reason}."""


class HeadTooLarge(Invalid):
    """The request's head is larger than the proxy takes."""


class RequestTooSlow(Unavailable):
    """The request's head took longer than the proxy waits."""


class TooManyConnections(Unavailable):
    """The run has as many connections open as it may; close some, or wait."""


class Silent(Unavailable):
    """The host did not answer in time."""


class BadAnswer(Unavailable):
    """The host's answer is no HTTP, or broke off."""


class ConnectionsUsedUp(Forbidden):
    """The run has opened as many connections as it may in all."""


class Gone(Exception):
    """The client closed its connection, or broke it."""
