"""Bytes both ways, until both sides have ended or one of them breaks."""

import asyncio
from collections.abc import Awaitable, Callable

from workers.proxying.gate import Way
from workers.proxying.streams import Stream


async def tunnel(client: Stream, way: Way) -> None:
    """Pass on whatever comes; one side's end is passed on too, and the other may go on.

    Raises:
        ByteCap, Silent: it was cut.
        OSError: one side broke it.
    """

    async def pass_on(
        read: Callable[[], Awaitable[bytes]], send: Callable[[bytes], Awaitable[None]], to: Stream
    ) -> None:
        while data := await read():
            await send(data)
        to.end()
        way.patience.shorten()

    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(pass_on(client.read, way.send, way.stream))
            both.create_task(pass_on(way.read, client.send, client))
    except BaseExceptionGroup as broken:
        raise broken.exceptions[0] from None
