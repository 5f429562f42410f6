"""Settings are validated again only where an account's stored document has changed."""

from app.core.ids import uuid7
from app.scoring import kept
from app.scoring.kept import settings_of
from app.scoring.schemas import ScoringSettingsDocument


def test_what_has_not_changed_is_not_read_again() -> None:
    account_id = uuid7()

    first = settings_of(account_id, {"threshold": 70})

    assert settings_of(account_id, {"threshold": 70}) is first
    assert first.threshold == 70


def test_what_has_changed_is() -> None:
    account_id = uuid7()
    settings_of(account_id, {"threshold": 70, "owners": ["ada"]})

    settings = settings_of(account_id, {"threshold": 80})

    assert settings == ScoringSettingsDocument(threshold=80)


def test_nothing_stored_is_the_defaults_and_each_account_has_its_own() -> None:
    one, other = uuid7(), uuid7()
    settings_of(one, {"threshold": 70})

    assert settings_of(other, None) == ScoringSettingsDocument()
    assert settings_of(one, {"threshold": 70}).threshold == 70


def test_no_more_accounts_are_remembered_than_the_limit() -> None:
    first = uuid7()
    before = settings_of(first, {"threshold": 70})
    for _ in range(kept.ACCOUNTS):
        settings_of(uuid7(), None)

    again = settings_of(first, {"threshold": 70})

    assert again == before
    assert again is not before
