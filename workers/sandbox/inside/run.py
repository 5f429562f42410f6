"""The second program in the sandbox: loads `main.py`, calls `main`, tells how it was.

    ─▶ "ready" ─▶ reads event and settings ─▶ "began" ─▶ main() or main(event)
                                                  ─▶ "returned" │ "raised" ─▶ the interpreter ends

It tells on a descriptor of its own, so that nothing printed, and no closed standard output, gets
in between. Code that writes to it by hand can lie about itself, which it can anyhow.
"""

import contextlib
import errno
import importlib
import json
import os
import signal
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

CODE, LAYER, SITE = "/job/code", "/job/layer", "/penstock/site"
LS = "/penstock/inside/ls.py"
PROXY, PROXY_PORT = "/run/penstock/proxy.sock", 3128
MOST_VALUE = 2**20
MOST_ERROR = 8_000
_LIMITS = {
    errno.ENOSPC: "space",
    errno.EDQUOT: "space",
    errno.EFBIG: "file_size",
    errno.EMFILE: "open_files",
    errno.EAGAIN: "processes",
    errno.ENOMEM: "memory",
}


def main() -> None:
    """`run.py INBOX OUTBOX [FORWARDER]`: descriptors, and the program that leads to the proxy."""
    inbox, outbox = int(sys.argv[1]), int(sys.argv[2])
    for descriptor in (inbox, outbox):
        os.set_inheritable(descriptor, False)
    if len(sys.argv) > 3:
        _forward(sys.argv[3])
    _tell(outbox, ready=True)
    with open(inbox, "rb") as pipe:  # a descriptor
        order = json.load(pipe)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is the real one
    # So that `finally` and `with` of the customer's code are kept.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    _load("helper", LS).open_for(order["settings"], os.dup(1), lambda **said: _tell(outbox, **said))
    me = os.getpid()
    _tell(outbox, began=True)
    try:
        said, code = _call(order["event"])
    except BaseException as error:
        said, code = _raised(error)
    if os.getpid() != me:
        # A fork that came back from `main`: it is not the run, and has nothing to tell.
        sys.stdout.flush()
        os._exit(code)
    _tell(outbox, **said)
    sys.exit(code)


def _call(event: dict[str, Any]) -> tuple[dict[str, Any], int]:
    import inspect  # noqa: PLC0415  # counted as the customer's time, not as the start's

    place = CODE if os.path.isfile(f"{CODE}/main.py") else f"{CODE}/src"
    sys.path[:] = [*dict.fromkeys((place, CODE)), *sys.path, LAYER, SITE]
    _bring_near()
    function = importlib.import_module("main").main
    wanted = len(inspect.signature(function).parameters)
    if wanted > 1:
        raise TypeError(f"main takes {wanted} parameters; it may take one, the event, or none")
    value = function(event) if wanted else function()
    if inspect.iscoroutine(value):
        import asyncio  # noqa: PLC0415  # few need it

        value = asyncio.run(value)
    try:
        written = json.dumps(value, allow_nan=False)
    except Exception:  # a value may have methods of its own
        return {"returned": None, "unfit": f"it is no JSON ({type(value).__name__})"}, 0
    if len(written) > MOST_VALUE:
        return {"returned": None, "unfit": f"it has more than {MOST_VALUE} bytes as JSON"}, 0
    return {"returned": json.loads(written)}, 0


def _bring_near() -> None:
    """Links in the working directory, which may be written to, to what the upload holds."""
    for name in os.listdir(CODE):
        if name != "__pycache__":
            os.symlink(f"{CODE}/{name}", name)


def _raised(error: BaseException) -> tuple[dict[str, Any], int]:
    if isinstance(error, SystemExit):
        if error.code is None or error.code == 0:
            return {"returned": None}, 0
        if isinstance(error.code, int):
            code = error.code & 0xFF
            return {"raised": f"SystemExit: {error.code}", "limit": None}, code
    try:
        import traceback  # noqa: PLC0415  # only where something went wrong

        frames = error.__traceback__
        while frames and frames.tb_frame.f_code.co_filename == __file__ and frames.tb_next:
            frames = frames.tb_next
        text = "".join(traceback.format_exception(type(error), error, frames))
    except BaseException:
        text = f"{type(error).__name__} (and its own description failed)"
    # Not by `sys.stderr`, which may be closed, or another's that raises in its turn.
    with contextlib.suppress(Exception):
        sys.stderr.flush()
    with contextlib.suppress(OSError):
        os.write(2, text.encode(errors="replace"))
    return {"raised": text[-MOST_ERROR:], "limit": _limit_of(error)}, 1


def _limit_of(error: BaseException) -> str | None:
    """Which limit an exception speaks of, its causes included."""
    seen: BaseException | None = error
    for _ in range(10):
        if isinstance(seen, MemoryError):
            return "memory"
        if isinstance(seen, OSError) and seen.errno in _LIMITS:
            return _LIMITS[seen.errno]
        if isinstance(seen, RuntimeError) and "can't start new thread" in str(seen):
            return "processes"
        seen = seen and (seen.__cause__ or seen.__context__)
    return None


def _tell(outbox: int, **said: Any) -> None:
    data = memoryview(json.dumps(said).encode() + b"\n")
    try:
        while data:
            data = data[os.write(outbox, data) :]
    except OSError:
        pass  # the customer's code has closed it


def _load(name: str, path: str) -> ModuleType:
    """A module of ours, under a name, from a path that is not searched for others."""
    module = ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    SourceFileLoader(name, path).exec_module(module)
    return module


def _forward(path: str) -> None:
    """Start the program that leads from a port of the sandbox's loopback to the proxy's socket.

    Before anything of the customer is read; back as soon as the port listens.
    """
    listening, ready = os.pipe()
    if os.fork() == 0:
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.set_inheritable(ready, True)
        command = [sys.executable, "-I", "-S", "-B", path, PROXY, str(PROXY_PORT), str(ready)]
        os.execv(sys.executable, command)  # noqa: S606  # the same interpreter
    os.close(ready)
    if not os.read(listening, 16):
        sys.exit("the way to the proxy could not be opened")
    os.close(listening)


if __name__ == "__main__":
    main()
