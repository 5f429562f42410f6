"""The body of a foreign webhook as named values; pure."""

from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from app.core.errors import Fault
from app.core.routes import parse_json
from app.responses.integrations.errors import NotAWebhook, UnreadableWebhook

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 1_000
_UTF_8 = {"utf-8", "utf8", "us-ascii", "ascii"}


def read(content_type: str | None, body: bytes) -> Mapping[str, Any]:
    """The fields of a JSON object or of a form.

    Raises:
        NotAWebhook: the content type is neither, or not in UTF-8.
        UnreadableWebhook: it is not a JSON object, or not a form of at most 1,000 fields.
        ValidationFailed: it is not JSON at all.
    """
    header = Message()
    header["content-type"] = (content_type or "").replace("\r", " ").replace("\n", " ")
    kind, charset = header.get_content_type(), header.get_content_charset("utf-8")
    if charset not in _UTF_8 or not content_type:
        raise NotAWebhook
    if kind == FORM:
        return parse_form(body)
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise NotAWebhook
    value = parse_json(body)
    if not isinstance(value, dict):
        raise _unreadable("dict_type", "must be an object")
    return value


def parse_form(body: bytes) -> dict[str, str]:
    """The fields of a form; of fields with the same name, the last counts.

    A stray percent sign stands for itself, as browsers have it.

    Raises:
        UnreadableWebhook: it has more than 1,000 fields, or is not in UTF-8.
    """
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except UnicodeDecodeError:
        raise _unreadable("bad_encoding", "is not UTF-8") from None
    except ValueError:
        raise _unreadable("too_many_fields", f"has more than {MAX_FIELDS} fields") from None
    return dict(pairs)


def _unreadable(code: str, detail: str) -> UnreadableWebhook:
    return UnreadableWebhook(faults=[Fault("", code, detail)])
