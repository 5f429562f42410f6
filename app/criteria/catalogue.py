"""Every field that criteria may name, and where its value is kept.

A query that uses compiled criteria joins its tables under fixed aliases: `p` is people, `c` is
campaigns, `r` is responses, `o` is opportunities, each with the role of the person in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.criteria.operators import OPS_OF, FieldType, Op


class Record(StrEnum):
    PERSON = "person"
    CAMPAIGN = "campaign"
    RESPONSE = "response"
    OPPORTUNITY = "opportunity"


ALIAS: Mapping[Record, str] = {
    Record.PERSON: "p",
    Record.CAMPAIGN: "c",
    Record.RESPONSE: "r",
    Record.OPPORTUNITY: "o",
}
# What a response has to do with.
OF_RESPONSES = frozenset({Record.PERSON, Record.CAMPAIGN, Record.RESPONSE})


@dataclass(frozen=True, slots=True)
class Column:
    """A field with a column and a type of its own."""

    record: Record
    word: str
    type: FieldType
    description: str
    column: str

    @property
    def name(self) -> str:
        return f"{self.record}.{self.word}"

    @property
    def sql(self) -> str:
        return f"{ALIAS[self.record]}.{self.column}"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A free field: one key of a record's `attributes`, whose values may be of any type."""

    record: Record
    key: str

    @property
    def sql(self) -> str:
        """The whole jsonb column; the key is bound as a parameter, never spliced in."""
        return f"{ALIAS[self.record]}.attributes"


Field = Column | Attribute


def _person(word: str, kind: FieldType, description: str) -> Column:
    return Column(Record.PERSON, word, kind, description, word)


def _campaign(word: str, kind: FieldType, description: str) -> Column:
    return Column(Record.CAMPAIGN, word, kind, description, word)


def _response(word: str, kind: FieldType, description: str, *, column: str | None = None) -> Column:
    return Column(Record.RESPONSE, word, kind, description, column or word)


def _opportunity(word: str, kind: FieldType, description: str) -> Column:
    return Column(Record.OPPORTUNITY, word, kind, description, word)


_TEXT, _NUMBER, _BOOLEAN, _DATETIME = FieldType

COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        _person("kind", _TEXT, "`lead` or `contact`."),
        _person("email", _TEXT, "E-mail address."),
        _person("external_id", _TEXT, "Identifier in the system the person came from."),
        _person("first_name", _TEXT, "First name."),
        _person("last_name", _TEXT, "Last name."),
        _person("title", _TEXT, "Job title."),
        _person("company", _TEXT, "Company name."),
        _person("phone", _TEXT, "Telephone number."),
        _person("country", _TEXT, "Country."),
        _person("industry", _TEXT, "Industry."),
        _person("lead_source", _TEXT, "Where the person was first heard of."),
        _person("score", _NUMBER, "The person's own score."),
        _person("owner", _TEXT, "Who looks after the person."),
        _person("opted_out", _BOOLEAN, "Wants to hear nothing at all."),
        _person("email_opted_out", _BOOLEAN, "Wants no e-mail."),
        _person("sms_opted_out", _BOOLEAN, "Wants no text messages."),
        _person("converted_at", _DATETIME, "When the lead became a contact."),
        _person("nurture_until", _DATETIME, "Left in peace until then."),
        _person("last_response_at", _DATETIME, "When a response last qualified."),
        _person("response_status", _TEXT, "Status of the response last qualified."),
        _person("created_at", _DATETIME, "When the person was first recorded."),
        _campaign("code", _TEXT, "The campaign's short code."),
        _campaign("name", _TEXT, "The campaign's name."),
        _campaign("score", _NUMBER, "Points every response to the campaign starts with."),
        _campaign("launched_at", _DATETIME, "When the campaign was launched."),
        _campaign("created_at", _DATETIME, "When the campaign was recorded."),
        _response("member_status", _TEXT, "Member status, in the campaign's words."),
        _response("repeat_number", _NUMBER, "Counts one person's responses to one campaign."),
        _response("responded_at", _DATETIME, "When the person responded."),
        _response("received_at", _DATETIME, "When the response arrived here."),
        _response("score", _NUMBER, "The score that the response brought with it."),
        _response("external_id", _TEXT, "Identifier in the system it came from."),
        _response("user", _TEXT, "The integration that sent it.", column="user_name"),
        _response("response_prompt", _BOOLEAN, "Raised on purpose.", column="is_prompt"),
        _opportunity("external_id", _TEXT, "Identifier in the system the deal came from."),
        _opportunity("name", _TEXT, "The deal's name."),
        _opportunity("state", _TEXT, "`open`, `won` or `lost`."),
        _opportunity("amount", _NUMBER, "What the deal is worth."),
        _opportunity("role", _TEXT, "The person's role in the deal."),
        _opportunity("created_at", _DATETIME, "When the deal was recorded."),
        _opportunity("closed_at", _DATETIME, "When the deal was won or lost."),
    )
}

_ATTRIBUTE_PREFIXES = {
    f"{record}.attributes.": record for record in Record if record in OF_RESPONSES
}


def find_field(name: str) -> Field | None:
    """The field of that name, or None; whatever follows `person.attributes.` is a field."""
    if name in COLUMNS:
        return COLUMNS[name]
    for prefix, record in _ATTRIBUTE_PREFIXES.items():
        if name.startswith(prefix) and len(name) > len(prefix):
            return Attribute(record, name[len(prefix) :])
    return None


def list_fields() -> list[dict[str, object]]:
    """What may be asked of each field, for people and programs that write criteria.

    Each entry has `name`, `type`, `description` and `operators`; a free field's type is `any`.
    """
    columns = [
        _entry(column.name, column.type, column.description, OPS_OF[column.type])
        for column in COLUMNS.values()
    ]
    free = [
        _entry(
            f"{prefix}<name>",
            "any",
            f"A free attribute of the {record}; operator and value decide how it is compared.",
            tuple(Op),
        )
        for prefix, record in _ATTRIBUTE_PREFIXES.items()
    ]
    return columns + free


def _entry(name: str, kind: str, description: str, ops: tuple[Op, ...]) -> dict[str, object]:
    return {
        "name": name,
        "type": str(kind),
        "description": description,
        "operators": [str(op) for op in ops],
    }
