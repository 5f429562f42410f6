"""The SQL of scoring settings and rulesets."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from app.core.db import Session
from app.core.pages import Position
from app.models import Account, Ruleset, ScoringSettings
from app.scoring.errors import RulesetNotFound
from app.scoring.schemas import ScoringSettingsDocument


async def find_settings_row(session: Session, account_id: UUID) -> ScoringSettings | None:
    found = await session.exec(
        select(ScoringSettings).where(col(ScoringSettings.account_id) == account_id)
    )
    return found.one_or_none()


async def find_settings(session: Session, account_id: UUID) -> ScoringSettingsDocument:
    """The account's scoring settings; the defaults if it never saved any."""
    row = await find_settings_row(session, account_id)
    return ScoringSettingsDocument.model_validate(row.document if row else {})


async def lock_settings(session: Session, account_id: UUID, *, now: datetime) -> ScoringSettings:
    """The row to be changed; where there was none, one of version 0 with the defaults."""
    await session.exec(
        insert(ScoringSettings)
        .values(account_id=account_id, document={}, version=0, updated_at=now)
        .on_conflict_do_nothing()
    )
    found = await session.exec(
        select(ScoringSettings)
        .where(col(ScoringSettings.account_id) == account_id)
        .with_for_update()
    )
    return found.one()


async def lock_rulesets(session: Session, account_id: UUID) -> None:
    """Wait for whoever else is adding or activating a ruleset of this account.

    The account's row is locked weakly enough that rows may be added to the account meanwhile.
    """
    await session.exec(
        select(Account.id).where(col(Account.id) == account_id).with_for_update(key_share=True)
    )


async def count_versions(session: Session, account_id: UUID) -> int:
    """The highest version so far; 0 if there is none."""
    found = await session.exec(
        select(func.max(Ruleset.version)).where(col(Ruleset.account_id) == account_id)
    )
    return found.one() or 0


async def get_ruleset(session: Session, account_id: UUID, ruleset_id: UUID) -> Ruleset:
    """Raises RulesetNotFound."""
    found = await session.exec(
        select(Ruleset).where(col(Ruleset.account_id) == account_id, col(Ruleset.id) == ruleset_id)
    )
    ruleset = found.one_or_none()
    if ruleset is None:
        raise RulesetNotFound
    return ruleset


async def list_rulesets(
    session: Session, account_id: UUID, position: Position
) -> Sequence[Ruleset]:
    """Rulesets in the order of their versions."""
    statement = select(Ruleset).where(col(Ruleset.account_id) == account_id)
    if position.after is not None:
        last = select(Ruleset.version).where(
            col(Ruleset.account_id) == account_id, col(Ruleset.id) == position.after
        )
        statement = statement.where(col(Ruleset.version) > last.scalar_subquery())
    ordered = statement.order_by(col(Ruleset.version)).limit(position.fetch_rows)
    return (await session.exec(ordered)).all()


async def deactivate_rulesets(session: Session, account_id: UUID) -> None:
    await session.exec(
        update(Ruleset)
        .where(col(Ruleset.account_id) == account_id, col(Ruleset.is_active))
        .values(is_active=False)
    )
