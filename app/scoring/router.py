"""Scoring settings, rulesets, and the fields that rules may ask about."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.accounts.caller import Manager, Reader
from app.accounts.transaction import Now, Tx
from app.core import etags, pages
from app.core.etags import ChangedMeanwhile, IfMatch
from app.core.pages import DEFAULT_LIMIT, BadCursor, CursorText, Limit, Page
from app.core.problems import problems
from app.core.routes import Route
from app.criteria.catalogue import list_fields
from app.criteria.errors import InvalidCriteria
from app.criteria.schemas import FieldRead
from app.models import Ruleset
from app.scoring import queries, service
from app.scoring.errors import InvalidSettings, RulesetNotFound
from app.scoring.schemas import RulesetCreate, RulesetRead, ScoringSettingsDocument

router = APIRouter(tags=["scoring"], route_class=Route)


@router.get("/scoring/settings", response_model=ScoringSettingsDocument)
async def read_settings(caller: Reader, tx: Tx, response: Response) -> ScoringSettingsDocument:
    """The account's scoring settings; a new account has the defaults."""
    row = await queries.find_settings_row(tx, caller.account_id)
    etags.show(response, row.version if row else 0)
    return ScoringSettingsDocument.model_validate(row.document if row else {})


@router.put(
    "/scoring/settings",
    response_model=ScoringSettingsDocument,
    responses=problems(ChangedMeanwhile, InvalidSettings),
)
async def replace_settings(
    document: ScoringSettingsDocument,
    caller: Manager,
    tx: Tx,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> ScoringSettingsDocument:
    """Replace all scoring settings; what is left out gets its default. Safe to repeat.

    Responses that were taken before keep the mode they were given.
    """
    row = await service.replace_settings(
        tx, caller.account_id, document, if_match=if_match, now=now
    )
    etags.show(response, row.version)
    return document


@router.post(
    "/scoring/rulesets",
    status_code=201,
    response_model=RulesetRead,
    responses=problems(InvalidCriteria),
)
async def add_ruleset(
    wanted: RulesetCreate, caller: Manager, tx: Tx, now: Now, response: Response
) -> Ruleset:
    """Add the next version of the rules; it scores nothing before it is activated."""
    ruleset = await service.add_ruleset(tx, caller.account_id, wanted, by=caller.user, now=now)
    response.headers["Location"] = f"/v1/scoring/rulesets/{ruleset.id}"
    return ruleset


@router.get("/scoring/rulesets", response_model=Page[RulesetRead], responses=problems(BadCursor))
async def list_rulesets(
    caller: Reader, tx: Tx, cursor: CursorText = None, limit: Limit = DEFAULT_LIMIT
) -> dict[str, object]:
    """Every version of the rules, oldest first."""
    position = pages.position(caller.account_id, "rulesets", cursor, limit)
    found = await queries.list_rulesets(tx, caller.account_id, position)
    items, next_cursor = position.page(found, lambda ruleset: ruleset.id)
    return {"items": items, "next_cursor": next_cursor}


@router.get(
    "/scoring/rulesets/{ruleset_id}",
    response_model=RulesetRead,
    responses=problems(RulesetNotFound),
)
async def read_ruleset(ruleset_id: UUID, caller: Reader, tx: Tx) -> Ruleset:
    """One version of the rules."""
    return await queries.get_ruleset(tx, caller.account_id, ruleset_id)


@router.post(
    "/scoring/rulesets/{ruleset_id}/activate",
    response_model=RulesetRead,
    responses=problems(RulesetNotFound),
)
async def activate_ruleset(ruleset_id: UUID, caller: Manager, tx: Tx, now: Now) -> Ruleset:
    """Score by this version from now on, and by no other. Safe to repeat."""
    return await service.activate_ruleset(tx, caller.account_id, ruleset_id, now=now)


@router.get("/criteria/fields", response_model=Page[FieldRead])
async def list_criteria_fields(_: Reader) -> dict[str, object]:
    """The fields that criteria may name, and what may be asked of each; all on one page."""
    return {"items": list_fields(), "next_cursor": None}
