"""The words of alerts. Pure.

Short enough for a telephone: the subject says what happened to what, the first line says it again
as a sentence, the facts are below, one a line.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from app.notifications.alerts.rules import News

# The end of a long detail: there the traceback says what happened.
_LONGEST_FACT = 2_000
_SUBJECTS = {
    News.FAILED: "{name} failed",
    News.SUCCEEDED: "{name} succeeded",
    News.RECOVERED: "{name} works again",
    News.OVERDUE: "{name} is overdue",
    News.VOLUME: "{name} moved an unusual number of rows",
    News.EXPIRING: "{name} expires soon",
    News.EXPIRED: "{name} has expired",
}
_SENTENCES = {
    News.FAILED: "The {kind} {name} has failed, and has no attempt left.",
    News.SUCCEEDED: "The {kind} {name} has succeeded.",
    News.RECOVERED: "The {kind} {name} has succeeded again.",
    News.OVERDUE: "A success of the {kind} {name} was due, and its grace is over.",
    News.VOLUME: "The {kind} {name} has succeeded, with a number of rows that somebody should see.",
    News.EXPIRING: "The definition of the {kind} {name} ends soon; nothing runs after that.",
    News.EXPIRED: "The definition of the {kind} {name} has ended; its runs can still be read.",
}


def written(news: News, kind: str, name: str, facts: Mapping[str, object]) -> tuple[str, str]:
    """Subject and text of an alert.

    Args:
        kind: what it is about, e.g. "job".
        facts: shown in their order; what is None is left out.
    """
    lines = [_SENTENCES[news].format(kind=kind, name=name), ""]
    lines += [
        f"{label}: {_shown(value)}" for label, value in facts.items() if value not in (None, "")
    ]
    # What has a name from people needs no more; "lead" alone would say nothing.
    title = f"batch {name}" if kind == "batch" else name
    return f"[Penstock] {_SUBJECTS[news].format(name=title)}", "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)[-_LONGEST_FACT:]
