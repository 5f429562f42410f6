"""From a request's body to what the desk takes."""

from typing import Any

from app.accounts.caller import Caller
from app.core.errors import Fault
from app.core.problems import ValidationFailed
from app.responses.intake.items import Invalid, Item, Submission, parse_item, size_of
from app.responses.schemas import MOST_ITEMS


def submission_of(caller: Caller, items: tuple[Item | Invalid, ...]) -> Submission:
    """The items of one request, and who sent them."""
    return Submission(
        account_id=caller.account_id,
        user_id=caller.user_id,
        user=caller.user,
        key_id=caller.key_id,
        items=items,
        size=size_of(items),
    )


def item_in(body: Any) -> Item:
    """The one item of a request; one that makes no sense is refused before anything is kept.

    Raises:
        ValidationFailed: with every wrong place.
    """
    item = parse_item(body, 0)
    if isinstance(item, Invalid):
        raise ValidationFailed(faults=item.faults)
    return item


def list_in(body: Any) -> list[Any]:
    """The batch's list.

    Raises:
        ValidationFailed: it is no such list at all.
    """
    faults = []
    if not isinstance(body, dict):
        faults.append(Fault("", "dict_type", "must be an object"))
    else:
        if set(body) - {"responses"}:
            faults.append(Fault("", "extra_forbidden", "has fields other than `responses`"))
        listed = body.get("responses")
        if not isinstance(listed, list):
            faults.append(Fault("/responses", "list_type", "must be a list of responses"))
        elif len(listed) > MOST_ITEMS:
            faults.append(Fault("/responses", "too_long", f"has more than {MOST_ITEMS} items"))
    if faults:
        raise ValidationFailed(faults=faults)
    found: list[Any] = body["responses"]
    return found
