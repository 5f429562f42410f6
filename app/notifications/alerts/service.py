"""Telling people by e-mail; inside the transaction in which it happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core import etags
from app.core.driver import Transaction
from app.models.states import OwnerKind
from app.notifications.alerts import queries, rules
from app.notifications.alerts.letters import written
from app.notifications.alerts.rules import News, Target
from app.notifications.alerts.schemas import AlertPolicyPut, AlertPolicyRead
from app.notifications.mailing import Letter, post


@dataclass(frozen=True, slots=True)
class Addressee:
    """Something that alerts are about, and who is told of it."""

    account_id: UUID
    owner_kind: OwnerKind
    owner_id: UUID
    name: str
    target: Target


async def put_policy(
    session: Transaction,
    account_id: UUID,
    wanted: AlertPolicyPut,
    *,
    if_match: str | None,
    by: str,
    now: datetime,
) -> tuple[AlertPolicyRead, int]:
    """Put the account's policy in place of the one before, for what happens from now on.

    Returns it and its version.

    Raises:
        ChangedMeanwhile: `if_match` names another version than the one before.
    """
    emails, on = list(wanted.emails), [word.value for word in wanted.on]
    version = await queries.put_policy(session, account_id, emails, on, by=by, now=now)
    # Only now is it sure which one it replaces.
    etags.check(if_match, version - 1)
    return AlertPolicyRead(emails=emails, on=wanted.on, updated_at=now, updated_by=by), version


async def addressee(
    session: Transaction, account_id: UUID, owner_kind: OwnerKind, owner_id: UUID
) -> Addressee | None:
    """Who is told of this thing's news; None if it is gone."""
    owner = await queries.find_owner(session, account_id, owner_kind, owner_id)
    if owner is None:
        return None
    policy = await queries.read_policy(session, account_id)
    target = rules.target_of(owner.own_alert, policy)
    return Addressee(account_id, owner_kind, owner_id, owner.name, target)


async def tell(
    session: Transaction,
    whom: Addressee,
    news: Sequence[News],
    facts: Mapping[str, object],
    *,
    cause: str,
    cause_id: UUID,
    at: datetime,
) -> None:
    """Post what there is to tell to whoever wants to know it; nobody, and nothing is posted."""
    letters = []
    for one in news:
        if rules.is_told(one, whom.target, whom.owner_kind):
            subject, text = written(one, whom.owner_kind.value, whom.name, facts)
            letters.append(
                Letter(
                    to=whom.target.emails,
                    subject=subject,
                    text=text,
                    cause=cause,
                    cause_id=cause_id,
                )
            )
    await post(session, whom.account_id, letters, at=at)
