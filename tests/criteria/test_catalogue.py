"""The fields that criteria may name."""

from app.criteria.catalogue import Attribute, Column, Record, find_field, list_fields
from app.criteria.operators import OPS_OF, FieldType, Op
from app.criteria.parse import parse
from app.criteria.schemas import FieldRead


def test_a_field_knows_its_column() -> None:
    title, user = find_field("person.title"), find_field("response.user")

    assert isinstance(title, Column)
    assert isinstance(user, Column)
    assert (title.sql, user.sql) == ("p.title", "r.user_name")


def test_an_attribute_may_have_any_name() -> None:
    assert find_field("campaign.attributes.a.b ü") == Attribute(Record.CAMPAIGN, "a.b ü")
    assert find_field("campaign.attributes.") is None
    assert find_field("campaign.attributes") is None


def test_the_list_tells_name_type_description_and_operators() -> None:
    fields = {field.name: field for field in map(FieldRead.model_validate, list_fields())}

    assert len(fields) == 44
    assert fields["person.opted_out"].operators == [
        *("equals", "not_equals", "is_empty", "is_not_empty")
    ]
    assert fields["person.attributes.<name>"].type == "any"
    assert all(field.description for field in fields.values())


def test_every_operator_belongs_to_a_type() -> None:
    assert {op for ops in OPS_OF.values() for op in ops} == set(Op)


def test_every_listed_operator_is_accepted_for_its_field() -> None:
    moment = "2026-03-10T12:00:00Z"
    scalars = {
        FieldType.TEXT: "x",
        FieldType.NUMBER: 1,
        FieldType.BOOLEAN: True,
        FieldType.DATETIME: moment,
    }
    for field in map(FieldRead.model_validate, list_fields()):
        for op in field.operators:
            kind = next(kind for kind in FieldType if Op(op) in OPS_OF[kind])
            scalar = scalars[kind if field.type == "any" else FieldType(field.type)]
            values: dict[str, object] = {
                "in": [scalar],
                "not_in": [scalar],
                "between": [scalar, scalar],
                "within_last": "P1D",
                "older_than": "P1D",
            }
            test = {"field": field.name, "op": op}
            parse(test if "empty" in op else test | {"value": values.get(op, scalar)})
