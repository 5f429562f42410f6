"""The words of webhooks: where a delivery stands, and why an endpoint is disabled.

pending ──▶ succeeded          answered 2xx
   │   └──▶ failed             answered anything else until the last attempt
   └──────▶ cancelled          its endpoint was disabled or deleted meanwhile
            each of the three ──▶ pending again, by a replay
"""

from enum import StrEnum


class DeliveryState(StrEnum):
    """Where the delivery of one event to one endpoint stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def may_become(self, after: "DeliveryState") -> bool:
        return (self is DeliveryState.PENDING) is not (after is DeliveryState.PENDING)


class DisableReason(StrEnum):
    """Why an endpoint was disabled by itself."""

    GONE = "gone"
    FAILING = "failing"
