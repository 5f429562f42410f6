"""What can be done with scoring settings and rulesets; inside the caller's transaction."""

from datetime import datetime
from uuid import UUID

from app.campaigns import queries as campaigns
from app.core import etags
from app.core.db import Session
from app.core.errors import Fault
from app.criteria.catalogue import OF_RESPONSES, find_field
from app.criteria.errors import InvalidCriteria
from app.criteria.faults import MAX_FAULTS
from app.criteria.naming import fields_named
from app.criteria.parse import parse
from app.models import Ruleset, ScoringSettings
from app.scoring import queries
from app.scoring.errors import InvalidSettings
from app.scoring.schemas import Rule, RulesetCreate, ScoringSettingsDocument


async def replace_settings(
    session: Session,
    account_id: UUID,
    document: ScoringSettingsDocument,
    *,
    if_match: str | None,
    now: datetime,
) -> ScoringSettings:
    """Put the whole document in place of the one before; responses that wait keep their mode.

    Raises:
        ChangedMeanwhile: `if_match` names another version.
        InvalidSettings: there is no such default campaign.
    """
    row = await queries.lock_settings(session, account_id, now=now)
    etags.check(if_match, row.version)
    reference = document.reactivation.default_campaign
    if reference and await campaigns.find_campaign(session, account_id, reference) is None:
        place = "/reactivation/default_campaign"
        faults = [Fault(place, "campaign_not_found", "is no campaign's id or code")]
        raise InvalidSettings(faults=faults)
    row.document = document.model_dump(mode="json")
    row.version += 1
    row.updated_at = now
    return row


async def add_ruleset(
    session: Session, account_id: UUID, wanted: RulesetCreate, *, by: str, now: datetime
) -> Ruleset:
    """Add the next version; it scores nothing before it is activated.

    Raises:
        InvalidCriteria: with what is wrong in any of the rules.
    """
    _check_criteria(wanted.rules)
    await queries.lock_rulesets(session, account_id)
    ruleset = Ruleset(
        account_id=account_id,
        version=await queries.count_versions(session, account_id) + 1,
        name=wanted.name,
        rules=[rule.model_dump() for rule in wanted.rules],
        created_by=by,
        created_at=now,
    )
    session.add(ruleset)
    await session.flush()
    return ruleset


async def activate_ruleset(
    session: Session, account_id: UUID, ruleset_id: UUID, *, now: datetime
) -> Ruleset:
    """Score by this ruleset from now on, and by no other; the active one stays as it is.

    Raises:
        RulesetNotFound: there is no such ruleset in this account.
    """
    await queries.lock_rulesets(session, account_id)
    ruleset = await queries.get_ruleset(session, account_id, ruleset_id)
    if not ruleset.is_active:
        await queries.deactivate_rulesets(session, account_id)
        ruleset.is_active, ruleset.activated_at = True, now
        await session.flush()
    return ruleset


def _check_criteria(rules: list[Rule]) -> None:
    faults: list[Fault] = []
    for index, rule in enumerate(rules):
        try:
            place = f"/rules/{index}/criteria"
            parse(rule.criteria, pointer=place)
            faults += [
                Fault(pointer, "not_of_this_object", "No field of a response.")
                for pointer, name in fields_named(rule.criteria, place)
                if (field := find_field(name)) is None or field.record not in OF_RESPONSES
            ]
        except InvalidCriteria as error:
            faults.extend(error.faults)
        if len(faults) >= MAX_FAULTS:
            break
    if faults:
        raise InvalidCriteria(faults=faults[:MAX_FAULTS])
