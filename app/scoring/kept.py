"""Settings as they were read last: of a million transactions, few follow a change of them."""

from collections import OrderedDict
from typing import Any
from uuid import UUID

from app.scoring.schemas import ScoringSettingsDocument

ACCOUNTS = 1_000
_kept: OrderedDict[UUID, tuple[dict[str, Any], ScoringSettingsDocument]] = OrderedDict()


def settings_of(account_id: UUID, document: dict[str, Any] | None) -> ScoringSettingsDocument:
    """The settings that an account's stored document says; None says the defaults.

    Validated only where it differs from the one before. Not to be changed: others hold the same.
    """
    stored = document or {}
    known = _kept.pop(account_id, None)
    if known is None or known[0] != stored:
        known = stored, ScoringSettingsDocument.model_validate(stored)
    _kept[account_id] = known  # the last of all to be forgotten
    if len(_kept) > ACCOUNTS:
        _kept.popitem(last=False)
    return known[1]
