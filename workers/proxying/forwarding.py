"""One plain request, said again to its host, and the answer said again to the client.

    client ── body ──▶ h11 ──▶ h11 ──▶ host          both at once: a host may answer early,
    client ◀── h11 ◀── h11 ◀── answer ── host        and then the rest of the body is not wanted

Nothing is copied as bytes: what one side's parser did not understand, the other side never sees.
"""

import asyncio

import h11

from workers.proxying.errors import BadAnswer, BadRequest, Gone
from workers.proxying.gate import Way
from workers.proxying.http_events import next_event, passed_on
from workers.proxying.rules import Target
from workers.proxying.streams import Stream

_ANSWER_HEAD_BYTES = 2**16
# Who called whom is nothing that code may claim to our own API.
_CLAIMS = (
    b"forwarded",
    b"x-real-ip",
    *(b"x-forwarded-" + part for part in (b"for", b"proto", b"host", b"port", b"prefix")),
)


async def forward(
    client: Stream,
    http: h11.Connection,
    request: h11.Request,
    target: Target,
    way: Way,
    *,
    is_own: bool,
) -> None:
    """Send the request on its way and bring the answer back.

    Raises:
        BadRequest: the body is no body.
        BadAnswer: the answer is none, or breaks off.
        ByteCap, Silent: it was cut.
        Gone, OSError: the client broke off.
    """
    there = h11.Connection(h11.CLIENT, max_incomplete_event_size=_ANSWER_HEAD_BYTES)
    await way.send(there.send(_said_again(request, target, is_own=is_own)) or b"")
    if http.they_are_waiting_for_100_continue:
        await client.send(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
    sending = asyncio.create_task(_send_body(client, http, there, way))
    answering = asyncio.create_task(_pass_answer(client, http, there, way))
    both = {sending, answering}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            sending.result()
        await answering
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def _send_body(client: Stream, http: h11.Connection, there: h11.Connection, way: Way) -> None:
    while True:
        try:
            event = await next_event(http, client.read)
        except h11.RemoteProtocolError:
            raise BadRequest(reason="its body is broken") from None
        if not isinstance(event, h11.Data | h11.EndOfMessage):
            raise BadRequest(reason="its body is broken")
        data = there.send(event)
        try:
            await way.send(data or b"")
        except OSError:
            return  # no more of it is wanted; the answer says why
        if isinstance(event, h11.EndOfMessage):
            break
    # A second request is not heard; an end means that nobody waits for the answer.
    if not await client.read():
        raise Gone


async def _pass_answer(
    client: Stream, http: h11.Connection, there: h11.Connection, way: Way
) -> None:
    event: h11.Event | None = None
    while not isinstance(event, h11.EndOfMessage):
        try:
            event = await next_event(there, way.read)
            if isinstance(event, h11.InformationalResponse):
                continue
            if isinstance(event, h11.Response):
                event = _answer_said_again(event)
            said = http.send(event)
        except (h11.ProtocolError, OSError):
            raise BadAnswer from None
        await client.send(said or b"")


def _said_again(request: h11.Request, target: Target, *, is_own: bool) -> h11.Request:
    host = f"[{target.host}]" if ":" in target.host else target.host
    place = host if target.port == 80 else f"{host}:{target.port}"
    but = (b"host", *_CLAIMS) if is_own else (b"host",)
    headers = [(b"Host", place.encode()), *passed_on(request, but=but)]
    return h11.Request(
        method=request.method,
        target=(target.path or "/").encode("ascii"),
        headers=[*headers, (b"Connection", b"close")],
    )


def _answer_said_again(answer: h11.Response) -> h11.Response:
    names = {name for name, _ in answer.headers}
    if {b"content-length", b"transfer-encoding"} <= names:
        raise BadAnswer
    # Without a length h11 says it in chunks, so that an answer that breaks off looks broken.
    headers = passed_on(answer, but=(b"transfer-encoding",))
    return h11.Response(
        status_code=answer.status_code,
        reason=answer.reason,
        headers=[*headers, (b"Connection", b"close")],
    )
