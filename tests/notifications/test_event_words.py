"""Every word of an event is in the document, with a shape and an example that fits it."""

import pytest
from pydantic import BaseModel

from app.core.settings import Settings
from app.main import create_app
from app.notifications import schemas
from app.notifications.examples import example_of
from app.notifications.outbox import EventType
from app.notifications.schemas import Envelope

DOCUMENT = create_app(Settings.for_documents()).openapi()
SHAPES: dict[str, type[BaseModel]] = {
    shape.model_fields["type"].annotation.__args__[0]: shape  # type: ignore[union-attr]  # Literal
    for shape in vars(schemas).values()
    if isinstance(shape, type) and issubclass(shape, Envelope)
    if shape.__doc__ and "[" not in shape.__name__ and shape is not Envelope
}


def test_the_document_knows_every_event_and_no_other() -> None:
    assert set(DOCUMENT["webhooks"]) == {word.value for word in EventType}
    assert set(SHAPES) == {word.value for word in EventType}


@pytest.mark.parametrize("word", list(EventType))
def test_an_example_is_what_the_document_says_it_is(word: EventType) -> None:
    content = DOCUMENT["webhooks"][word.value]["post"]["requestBody"]["content"]
    told = content["application/json"]

    assert told["schema"] == {"$ref": f"#/components/schemas/{SHAPES[word.value].__name__}"}
    assert told["example"] == example_of(word)
    shown = SHAPES[word.value].model_validate(told["example"]).model_dump(mode="json")
    assert shown == told["example"]
