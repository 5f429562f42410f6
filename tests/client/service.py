"""An API on the loopback address that speaks of uploads and runs, and fails on demand.

It keeps what it is told in memory, over its own restarts, as the real one does in its database.
"""

import contextlib
import json
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

Json = dict[str, Any]
Answer = tuple[int, bytes, dict[str, str]]
KEY = "pk_test"


@dataclass(frozen=True)
class Says:
    """One answer in place of the usual; without a status the connection just ends.

    An `after` answer comes when the request has had its effect, a `last` one before the service
    goes down.
    """

    status: int | None
    code: str = "unavailable"
    headers: dict[str, str] = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)
    after: bool = False
    last: bool = False


@dataclass
class Kept:
    """One upload as the service has it."""

    id: str
    order: Json
    state: str = "Open"
    run_id: str | None = None
    content: bytearray = field(default_factory=bytearray)

    def shown(self) -> Json:
        return {
            "id": self.id,
            "state": self.state,
            "size_bytes": len(self.content),
            "sha256": self.order.get("sha256"),
            "run_id": self.run_id,
            "counts": None,
            "error": None,
        }


class Service:
    """What the tests arrange, and what they find afterwards."""

    def __init__(self) -> None:
        self.uploads: dict[str, Kept] = {}
        self.runs: dict[str, list[Json]] = {}  # what each look shows; the last stays
        self.listed: list[Json] = []
        self.seen: list[tuple[str, str]] = []
        self.offsets: list[int] = []  # of each PUT
        self.says: dict[str, list[Says]] = {}  # by method: for its next requests
        self.cut_at: list[int] = []  # sizes of the content at which a connection is cut
        self.hold_at: int | None = None  # a size of the content at which nothing moves on
        self.holds = threading.Event()
        self.is_over = threading.Event()
        self.is_down = threading.Event()
        self.ends: list[Json] = [{"state": "succeeded"}]
        self.failed_rows = b"email,error\r\n"
        self.queries: list[str] = []
        self._repeats: dict[str, str] = {}
        self._server: _Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def upload(self) -> Kept:
        [only] = self.uploads.values()
        return only

    def counted(self, method: str) -> int:
        return Counter(method for method, _ in self.seen)[method]

    def up(self) -> None:
        """Listen, on the same port as before if there was one."""
        service = self
        self.is_down.clear()

        class Bound(Handler):
            def __init__(self, *args: Any) -> None:
                self.service = service
                super().__init__(*args)

        self._server = _Server(("127.0.0.1", self._port), Bound)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """End all connections and refuse new ones until it is up again."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._server = None
            self.is_down.set()

    def opened(self, order: Json, repeat: str) -> Kept:
        if repeat not in self._repeats:
            made = Kept(str(uuid4()), order)
            self.uploads[made.id] = made
            self._repeats[repeat] = made.id
        return self.uploads[self._repeats[repeat]]

    def start(self, upload: Kept) -> None:
        digest = sha256(upload.content).hexdigest()
        assert digest == upload.order["sha256"]
        upload.state, upload.run_id = "UploadComplete", str(uuid4())
        run: Json = {"id": upload.run_id, "kind": "import", "upload_id": upload.id}
        self.runs[upload.run_id] = [{**run, **step} for step in self.ends]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any) -> None:
        self._connections: list[socket.socket] = []
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.append(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):  # it may have ended by itself
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    service: Service

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the library's word)
        """Say nothing on the terminal."""

    def _serve(self) -> None:
        self.service.seen.append((self.command, self.path))
        waiting = self.service.says.get(self.command, [])
        says = waiting.pop(0) if waiting else None
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            says = says or Says(401, "key_invalid")
        if says and not says.after:
            self._answer_instead(says)
            return
        answer = self._effect()
        if says:
            self._answer_instead(says)
        elif answer is not None:
            self._answer(*answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_HEAD = _serve  # noqa: N815  (the library's words)

    def _effect(self) -> Answer | None:
        words = self.path.partition("?")[0].strip("/").split("/")[1:]
        match words:
            case ["uploads", *rest]:
                return self._of_uploads(rest)
            case ["runs", id_]:
                steps = self.service.runs[id_]
                return self._shown(200, steps.pop(0) if len(steps) > 1 else steps[0])
            case ["runs"]:
                return self._list()
        return self._shown(404, {"code": "not_found", "detail": "There is no such thing."})

    def _of_uploads(self, words: list[str]) -> Answer | None:
        service = self.service
        if not words:
            made = service.opened(self._json(), self.headers["Idempotency-Key"])
            return self._shown(201, made.shown())
        upload = service.uploads[words[0]]
        match self.command, words[1:]:
            case "HEAD", ["content"]:
                return 200, b"", {"Upload-Offset": str(len(upload.content))}
            case "PUT", ["content"]:
                return self._content(upload)
            case "GET", ["failed"]:
                return 200, service.failed_rows, {"Content-Type": "text/csv"}
            case "PATCH", []:
                assert self._json() == {"state": "UploadComplete"}
                service.start(upload)
                return self._shown(202, upload.shown())
        return self._shown(200, upload.shown())

    def _list(self) -> Answer:
        """Pages of two."""
        self.service.queries.append(self.path.partition("?")[2])
        is_second = "cursor=2" in self.path
        listed = self.service.listed
        items = listed[2:] if is_second else listed[:2]
        more = None if is_second or len(listed) < 3 else "2"
        return self._shown(200, {"items": items, "next_cursor": more})

    def _content(self, upload: Kept) -> Answer | None:
        """Keep the body as it comes, up to where the connection is to be cut."""
        offset = int(self.headers["Upload-Offset"])
        self.service.offsets.append(offset)
        kept = {"Upload-Offset": str(len(upload.content))}
        if offset != len(upload.content):
            self.close_connection = True
            problem = {"code": "wrong_offset", "detail": "Elsewhere."}
            return 409, json.dumps(problem).encode(), kept
        left = int(self.headers["Content-Length"])
        while left:
            block = self.rfile.read1(min(left, 64 * 1024))
            if not block:
                return None
            upload.content += block
            left -= len(block)
            if self.service.cut_at and len(upload.content) >= self.service.cut_at[0]:
                self.service.cut_at.pop(0)
                self.close_connection = True
                return None
            if self.service.hold_at and len(upload.content) >= self.service.hold_at:
                self.service.holds.set()
                # Whatever is still on its way is not of the upload that goes on later.
                self.service.is_over.wait()
                self.close_connection = True
                return None
        return 204, b"", {"Upload-Offset": str(len(upload.content))}

    def _answer_instead(self, says: Says) -> None:
        self.close_connection = True
        if says.last:
            self.service.down()
            return
        if says.status is not None:
            problem = {"code": says.code, "detail": f"About {says.code}.", "errors": says.errors}
            self._answer(says.status, json.dumps(problem).encode(), says.headers)

    def _json(self) -> Json:
        read: Json = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return read

    def _shown(self, status: int, body: Json) -> Answer:
        return status, json.dumps(body).encode(), {"Content-Type": "application/json"}

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204 and self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
