"""Where the definition of a job stands.

A job:

    draft ──▶ published ◀──▶ unpublished
      └───────────┴──────────────┴──────▶ expired
"""

from enum import StrEnum


class JobKind(StrEnum):
    """What a job does."""

    IMPORT = "import"
    EXPORT = "export"
    CODE = "code"
    MAINTENANCE = "maintenance"


class JobState(StrEnum):
    """Where the definition of a job stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    EXPIRED = "expired"

    def may_become(self, after: "JobState") -> bool:
        return after in _JOB_FOLLOWS.get(self, frozenset())


_JOB_FOLLOWS = {
    JobState.DRAFT: frozenset({JobState.PUBLISHED, JobState.EXPIRED}),
    JobState.PUBLISHED: frozenset({JobState.UNPUBLISHED, JobState.EXPIRED}),
    JobState.UNPUBLISHED: frozenset({JobState.PUBLISHED, JobState.EXPIRED}),
}
