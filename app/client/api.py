"""Calls of the API: answers, refusals, and what is only silence.

2xx ─────────────────────────────────────────▶ the answer
429, 409 with Retry-After ───────────────────▶ Unanswered, busy: in its own time
502 503 504, a broken or refused connection ─▶ Unanswered: again, until patience ends
anything else ───────────────────────────────▶ Refused
"""

import contextlib
import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from app.client.access import Access
from app.client.errors import NotPenstock, Refused
from app.client.patience import Patience, Unanswered

_SILENT = {502, 503, 504}
_TIMEOUT = httpx.Timeout(60, connect=5)
# An API closes what is idle for five seconds, perhaps just as the next request is on its way.
_LIMITS = httpx.Limits(keepalive_expiry=3)

Shape = TypeVar("Shape", bound=BaseModel)


class Api:
    """The API at one address, seen with one key; use as a context manager."""

    def __init__(self, access: Access, patience: Patience) -> None:
        self.url = access.url
        self.patience = patience
        self._http = httpx.Client(
            base_url=access.url,
            headers={"Authorization": f"Bearer {access.key}"},
            timeout=_TIMEOUT,
            limits=_LIMITS,
            # Proxies are for the way out, never for this machine.
            trust_env=not _is_here(access.url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def once(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send it one time.

        Raises:
            Unanswered: nobody knows what became of it, or it is not its turn yet.
            Refused: the API says no.
        """
        try:
            answer = self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise _silence_of(error, self.url) from error
        _check(answer)
        return answer

    def ask(
        self,
        shape: type[Shape],
        path: str,
        *,
        method: str = "GET",
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Shape:
        """Send what may be repeated until it is answered, and read the answer.

        Raises:
            GaveUp: nobody answers.
            Refused: the API says no.
        """
        while True:
            try:
                answer = self.once(method, path, params=params, json=json, headers=headers)
            except Unanswered as silence:
                self.patience.wait(silence)
            else:
                self.patience.heard()
                return self.read(shape, answer)

    def save(self, path: str, into: Path) -> None:
        """Write an answer of any length into a file, which appears only once it is whole.

        Raises:
            GaveUp: nobody answers.
            Refused: the API says no.
        """
        draft = into.with_name(f".{into.name}.part")
        try:
            while True:
                try:
                    self._download(path, draft)
                except Unanswered as silence:
                    self.patience.wait(silence)
                else:
                    self.patience.heard()
                    draft.replace(into)
                    return
        finally:
            draft.unlink(missing_ok=True)

    def read(self, shape: type[Shape], answer: httpx.Response) -> Shape:
        """The answer's content; raises NotPenstock if it has another form."""
        try:
            return shape.model_validate_json(answer.content)
        except ValidationError as error:
            why = f"{error.error_count()} fields of the answer do not fit"
            raise NotPenstock(url=self.url, why=why) from error

    def _download(self, path: str, draft: Path) -> None:
        try:
            with self._http.stream("GET", path) as answer, draft.open("wb") as file:
                if not answer.is_success:
                    answer.read()
                _check(answer)
                for block in answer.iter_bytes():
                    file.write(block)
        except httpx.TransportError as error:
            raise _silence_of(error, self.url) from error


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    refusal = Refused.of(answer)
    retry_after = _retry_after(answer)
    if answer.status_code == 429 or (answer.status_code == 409 and retry_after is not None):
        raise Unanswered(str(refusal), retry_after=retry_after or 1, is_busy=True)
    if answer.status_code in _SILENT:
        raise Unanswered(f"The API is not available ({refusal.code})", retry_after=retry_after)
    raise refusal


def _silence_of(error: httpx.TransportError, url: str) -> Unanswered:
    why = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return Unanswered(f"{url} cannot be reached ({why})")
    return Unanswered(f"The connection broke ({why})")


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds; a date, which only proxies send, counts as one second."""
    asked = answer.headers.get("Retry-After")
    if asked is None:
        return None
    with contextlib.suppress(ValueError):
        return max(0.0, float(asked))
    return 1.0


def _is_here(url: str) -> bool:
    host = httpx.URL(url).host
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
