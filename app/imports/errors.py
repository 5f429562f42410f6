"""What can go wrong with an import as a whole."""

from app.core.errors import Conflict, Invalid, NotFound


class ImportOver(Conflict):
    """The import has ended already."""


class RowsDiffer(Invalid):
    """The file has {rows} rows, and {expected} were announced; no row was taken in."""


class ContentDiffers(Invalid):
    """The content's SHA-256 is not the one that was announced; no row was taken in."""


class NothingToRetry(Conflict):
    """Every row of this run has succeeded or was skipped."""


class RowsForgotten(NotFound):
    """What became of each row was kept for 30 days after the run had ended."""


class NotAnImport(Conflict):
    """Only an import that has ended can be retried row by row."""


class StoppedByFailures(Invalid):
    """As many rows failed as the import was told to stop after."""


class AlreadyRetried(Conflict):
    """The run {run_id} has these rows already; what fails there is retried from there."""
