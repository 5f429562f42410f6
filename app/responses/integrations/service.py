"""What can be done with an integration; inside the caller's transaction, never committing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.core import etags
from app.core.db import Session
from app.models import Integration
from app.responses.integrations import bodies, queries, rules
from app.responses.integrations.errors import InvalidMapping, TooManyIntegrations
from app.responses.integrations.schemas import IntegrationPut

MOST = 100


async def save(
    session: Session,
    account_id: UUID,
    name: str,
    wanted: IntegrationPut,
    *,
    if_match: str | None,
    now: datetime,
) -> Integration:
    """Create the integration, or replace its mapping. A new one has version 1.

    Raises:
        InvalidMapping: with everything that is wrong with it.
        ChangedMeanwhile: `if_match` names another version.
        TooManyIntegrations: it would be the account's 101st.
    """
    mapping = wanted.model_dump(mode="json", exclude_unset=True)["mapping"]
    faults = rules.faults_of(mapping)
    if faults:
        raise InvalidMapping(faults=faults)
    integration = await queries.lock_integration(session, account_id, name, now=now)
    etags.check(if_match, integration.version)
    if not integration.version and await queries.count_integrations(session, account_id) > MOST:
        raise TooManyIntegrations(most=MOST)
    integration.mapping = mapping
    integration.version += 1
    integration.updated_at = now
    await session.flush()
    return integration


async def delete(session: Session, account_id: UUID, name: str, *, if_match: str | None) -> None:
    """Forget the mapping; responses that came through it stay.

    Raises:
        IntegrationNotFound: there is no such integration in this account.
        ChangedMeanwhile: `if_match` names another version.
    """
    integration = await queries.get_integration(session, account_id, name, lock=True)
    etags.check(if_match, integration.version)
    await session.delete(integration)
    await session.flush()


async def translate(
    session: Session, account_id: UUID, name: str, content_type: str | None, body: bytes
) -> dict[str, Any]:
    """The response item that a webhook's body stands for, not yet validated as one.

    Raises:
        IntegrationNotFound: there is no such integration in this account.
        NotAWebhook: it is neither JSON nor a form.
        UnreadableWebhook: it is not a JSON object, or not a readable form.
        ValidationFailed: it is not JSON at all.
    """
    integration = await queries.get_integration(session, account_id, name)
    return rules.apply(integration.mapping, bodies.read(content_type, body))
