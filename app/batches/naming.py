"""The batch that a path names."""

from typing import Annotated

from fastapi import Depends, Path

from app.batches.errors import BatchNotFound
from app.models.states import BatchName


def _named(
    name: Annotated[
        str, Path(max_length=50, description="`campaign`, `contact`, `lead` or `opportunity`.")
    ],
) -> BatchName:
    try:
        return BatchName(name)
    except ValueError:
        raise BatchNotFound from None


Named = Annotated[BatchName, Depends(_named)]
