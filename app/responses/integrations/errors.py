"""What can go wrong with integrations.

NotFound ───── IntegrationNotFound
Conflict ───── TooManyIntegrations
Unsupported ── NotAWebhook                  neither JSON nor a form
Invalid ────── InvalidMapping · UnreadableWebhook
"""

from app.core.errors import Conflict, Invalid, NotFound, Unsupported


class IntegrationNotFound(NotFound):
    """There is no such integration."""


class TooManyIntegrations(Conflict):
    """The account has {most} integrations; delete one first."""


class NotAWebhook(Unsupported):
    """The body must be JSON or an application/x-www-form-urlencoded form, in UTF-8."""


class InvalidMapping(Invalid):
    """The mapping makes no sense at the places listed."""


class UnreadableWebhook(Invalid):
    """The body is not one that a mapping can be applied to."""
