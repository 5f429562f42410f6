"""Where an upload stands, and what its rows are.

An upload, in the words of the loaders that its senders know:

    Open ──▶ UploadComplete ──▶ InProgress ──▶ JobComplete · Failed
      └────────────┴────────────────┴───────▶ Aborted
"""

from enum import StrEnum


class UploadState(StrEnum):
    """Where an upload stands."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"

    def may_become(self, after: "UploadState") -> bool:
        return after in _UPLOAD_FOLLOWS.get(self, frozenset())


_UPLOAD_FOLLOWS = {
    UploadState.OPEN: frozenset({UploadState.UPLOAD_COMPLETE, UploadState.ABORTED}),
    UploadState.UPLOAD_COMPLETE: frozenset({UploadState.IN_PROGRESS, UploadState.ABORTED}),
    UploadState.IN_PROGRESS: frozenset(
        {UploadState.JOB_COMPLETE, UploadState.FAILED, UploadState.ABORTED}
    ),
}


class UploadObject(StrEnum):
    """What the rows of an upload are."""

    RESPONSES = "responses"
    PEOPLE = "people"
    PARTICIPANTS = "participants"


class UploadOperation(StrEnum):
    """What a row may do: only make, only change, or either."""

    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"
