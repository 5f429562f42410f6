"""Relays connections to a port of the sandbox's loopback to the proxy's unix socket.

Runs under the customer's interpreter, in a network namespace that holds nothing but loopback, and
imports nothing but the standard library. It decides nothing: whoever gets round it finds the same
socket. Once it listens it writes its port and a newline to a descriptor and closes it.

    python -I forward.py SOCKET PORT READY_FD
"""

import asyncio
import os
import sys

_PIECE = 65536


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()


async def _relay(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there = None
    try:
        there_reader, there = await asyncio.open_unix_connection(path)
        both = [
            asyncio.ensure_future(_pass_on(reader, there)),
            asyncio.ensure_future(_pass_on(there_reader, writer)),
        ]
        try:
            await asyncio.gather(*both)
        finally:
            for one in both:
                one.cancel()
    except OSError:
        pass
    finally:
        writer.close()
        if there is not None:
            there.close()


async def main(path: str, port: int, ready: int) -> None:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _relay(path, reader, writer)

    server = await asyncio.start_server(relay, "127.0.0.1", port, backlog=1024)
    os.write(ready, b"%d\n" % server.sockets[0].getsockname()[1])
    os.close(ready)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
