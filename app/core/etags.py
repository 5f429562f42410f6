"""ETags of definitions: the version of the row, or what can be changed of it in a word; honoured
when `If-Match` is sent.
"""

from typing import Annotated

from fastapi import Header, Response

from app.core.errors import Stale

IfMatch = Annotated[
    str | None,
    Header(max_length=200, description="The ETag last read; 412 if it has changed since."),
]


class ChangedMeanwhile(Stale):
    """It has changed since the version named in If-Match; read it again."""


def show(response: Response, version: int | str) -> None:
    response.headers["ETag"] = f'"{version}"'


def check(if_match: str | None, version: int | str) -> None:
    """Raise ChangedMeanwhile unless `If-Match` is absent, `*`, or names this version."""
    if if_match is None:
        return
    wanted = {part.strip().removeprefix("W/") for part in if_match.split(",")}
    if "*" not in wanted and f'"{version}"' not in wanted:
        raise ChangedMeanwhile
