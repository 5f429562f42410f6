"""Where the objects of a sequence are found in the database, and what criteria see of them.

Aliases are those of compiled criteria: `p` the person, `c` the campaign, `r` the response, `o` the
opportunity with the person's role in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.models.states import SequenceObject


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of object.

    Args:
        table: everything of the account that could take part; the account is `$1`.
        object_id: what names it there.
        is_fit: a condition: whether it may take part at all.
        beside: what criteria need beside the person `p` of a participation `n`.
    """

    table: str
    object_id: str
    is_fit: str
    beside: str = ""


_MEMBER = """
  LEFT JOIN responses r ON r.account_id = $1 AND r.id = n.object_id
  LEFT JOIN campaigns c ON c.account_id = $1 AND c.id = r.campaign_id"""
ROLES = """(
       SELECT d.*, k.person_id, k.role FROM opportunity_contacts k
         JOIN opportunities d ON d.account_id = k.account_id AND d.id = k.opportunity_id)"""
_ROLE = f"""
  LEFT JOIN {ROLES} o ON o.account_id = $1 AND o.id = n.object_id AND o.person_id = n.person_id"""
SOURCES: Mapping[SequenceObject, Source] = {
    SequenceObject.LEAD: Source("people p", "p.id", "p.account_id = $1 AND p.kind = 'lead'"),
    SequenceObject.CONTACT: Source("people p", "p.id", "p.account_id = $1 AND p.kind = 'contact'"),
    SequenceObject.CAMPAIGN_MEMBER: Source(
        """responses r
          JOIN people p ON p.account_id = $1 AND p.id = r.person_id
          JOIN campaigns c ON c.account_id = $1 AND c.id = r.campaign_id""",
        "r.id",
        "r.account_id = $1",
        _MEMBER,
    ),
    SequenceObject.OPPORTUNITY: Source(
        f"{ROLES} o JOIN people p ON p.account_id = $1 AND p.id = o.person_id",
        "o.id",
        "o.account_id = $1 AND o.state = 'open'",
        _ROLE,
    ),
}
