"""What can go wrong with endpoints of webhooks.

NotFound ── WebhookEndpointNotFound
Conflict ── TooManyWebhookEndpoints
            WebhookEndpointDisabled        nothing is sent to it before it is enabled again
Invalid ─── InvalidWebhookAddress
"""

from app.core.errors import Conflict, Invalid, NotFound


class WebhookEndpointNotFound(NotFound):
    """There is no such webhook endpoint."""


class TooManyWebhookEndpoints(Conflict):
    """The account has {most} webhook endpoints; delete one first."""


class WebhookEndpointDisabled(Conflict):
    """The endpoint is disabled; enable it first."""


class InvalidWebhookAddress(Invalid):
    """The address of the endpoint is not one that is called."""
