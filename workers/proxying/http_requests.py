"""Requests as a proxy gets them: `CONNECT host:port`, or a whole `http://` address.

    head ─▶ h11 ─▶ CONNECT ─▶ way ─▶ 200 ─▶ tunnel
                └▶ http:// ─▶ way ─▶ said again, word for word but for what is between two hops
One request a connection. Where a body ends is said in one way, or the request is refused: two
readers that understood two ways would see two requests.
"""

import re

import h11

from app.core.errors import AppError
from app.core.outbound.hosts import place_of
from workers.proxying.answers import refusal_over_http
from workers.proxying.errors import BadRequest, Gone, HeadTooLarge
from workers.proxying.forwarding import forward
from workers.proxying.gate import Asked, Gate
from workers.proxying.http_events import next_event
from workers.proxying.rules import Target, is_own
from workers.proxying.streams import Stream
from workers.proxying.tunnel import tunnel

HEAD_BYTES = 2**15
_ADDRESS = re.compile(r"http://(?P<place>[^/?#@\\]+)(?P<path>[/?][^#]*)?", re.IGNORECASE)
_TOO_LARGE = 431


class Conversation:
    """One client that speaks HTTP."""

    def __init__(self, client: Stream, first: bytes) -> None:
        self._client = client
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self._http.receive_data(first)
        self._has_body = True

    async def asked(self) -> Asked:
        """Read the head of the request.

        Raises:
            BadRequest, HeadTooLarge: it is none.
            Gone: the client closed instead.
        """
        try:
            event = await next_event(self._http, self._client.read)
            if not isinstance(event, h11.Request):
                raise Gone
            self._has_body = event.method != b"HEAD"
            is_tunnel = event.method == b"CONNECT"
            if is_tunnel and not isinstance(self._http.next_event(), h11.EndOfMessage):
                raise BadRequest(reason="CONNECT has no body")
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == _TOO_LARGE:
                raise HeadTooLarge from None
            raise BadRequest(reason="it is no HTTP") from None
        return Asked(target_of(event), None if is_tunnel else event)

    async def go(self, gate: Gate, asked: Asked, turned_away: AppError | None) -> None:
        """Do what was asked for."""
        async with gate.way_to(asked.target, turned_away) as way:
            if asked.plain is None:
                established = h11.Response(
                    status_code=200, headers=[], reason=b"Connection established"
                )
                await self._client.send(self._http.send(established) or b"")
                too_early, _ = self._http.trailing_data
                if too_early:
                    await way.send(too_early)
                await tunnel(self._client, way)
            else:
                own = is_own(gate.policy, asked.target)
                await forward(self._client, self._http, asked.plain, asked.target, way, is_own=own)
                await self._client.linger()

    async def refuse(self, refusal: AppError) -> None:
        """Say why not, unless an answer has begun; then only the end can tell."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            said = refusal_over_http(self._http, refusal, has_body=self._has_body)
            await self._client.send(said)
            await self._client.linger()


def target_of(request: h11.Request) -> Target:
    """What a request is for.

    Raises:
        BadRequest: no address of a proxy, or a body whose end is said in two ways.
    """
    lengths = {name for name, _ in request.headers} & {b"content-length", b"transfer-encoding"}
    if len(lengths) > 1:
        raise BadRequest(reason="Content-Length and Transfer-Encoding exclude each other")
    asked = request.target.decode("ascii")
    if request.method == b"CONNECT":
        return Target(*_place(asked, default=None))
    found = _ADDRESS.fullmatch(asked)
    if found is None:
        raise BadRequest(reason="https goes by CONNECT, http by its whole address")
    path = found["path"] or "/"
    return Target(*_place(found["place"], default=80), path if path[0] == "/" else f"/{path}")


def _place(text: str, *, default: int | None) -> tuple[str, int]:
    try:
        host, port = place_of(text, port=default)
    except ValueError:
        raise BadRequest(reason="its host or port is none") from None
    if port is None:
        raise BadRequest(reason="CONNECT names a port")
    return host, port
