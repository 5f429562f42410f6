"""What is wrong with actions as they are sent. Pure."""

from collections.abc import Sequence

from app.core.errors import Fault
from app.models import SequenceAction
from app.models.states import SequenceObject
from app.sequences.rules import faults_in_criteria, is_known
from app.sequences.schemas import ActionWrite, Template
from app.sequences.templates import fields_in


def faults_in_template(template: Template, of: SequenceObject, pointer: str) -> list[Fault]:
    """Merge fields that there are not, or that such a participant has not."""
    faults = []
    for name, text in (("subject", template.subject), ("body", template.body)):
        for field in fields_in(text or ""):
            if not is_known(field, of):
                detail = "`GET /v1/criteria/fields` lists the fields."
                faults.append(Fault(f"{pointer}/{name}", "unknown_field", detail))
                break
    return faults


def faults_in_actions(actions: Sequence[ActionWrite], of: SequenceObject) -> list[Fault]:
    """What of these actions makes no sense in such a sequence.

    Raises:
        InvalidCriteria: those of one make no sense in themselves.
    """
    faults = []
    for position, action in enumerate(actions):
        place = f"/actions/{position}"
        if action.criteria is not None:
            faults += faults_in_criteria(action.criteria, of, f"{place}/criteria")
        if action.template is not None:
            faults += faults_in_template(action.template, of, f"{place}/template")
    return faults


def is_same_way(before: Sequence[SequenceAction], wanted: Sequence[ActionWrite]) -> bool:
    """Whether these are the same steps, which may say something else, wait longer or shorter."""
    return [(action.id, action.type, action.is_automatic) for action in before] == [
        (action.id, action.type, action.automatic) for action in wanted
    ]
