"""Addresses of the plain kind are judged by their domain alone; the judgement is the library's."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.core.values import Email

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_LOCALS = st.text(st.sampled_from("abzAZ019._+-!'\" @é"), max_size=70)
_LABELS = st.text(st.sampled_from("abxn019-_é."), max_size=70)
_TOPS = st.sampled_from(["com", "example", "test", "local", "123", "c", "xn--p1ai", "xn--", ""])


def is_taken(value: str) -> bool:
    try:
        _EMAIL.validate_python(value)
    except ValidationError:
        return False
    return True


def library_takes(value: str) -> bool:
    try:
        validate_email(value.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


@given(_LOCALS, _LABELS, _TOPS)
@example("a" * 64, "example", "com")
@example("a" * 65, "example", "com")
@example("a", ".".join(["b" * 60] * 4), "com")
@example("a", ".".join(["b" * 62] * 4), "com")
@example("a", "b--c", "com")
@example("a", "ab--c", "com")
def test_what_is_taken_is_what_the_library_takes(local: str, label: str, top: str) -> None:
    value = f"{local}@{label}.{top}"

    assert is_taken(value) == library_takes(value)


@pytest.mark.parametrize("value", ["ada@example.com", "a.b-c_d+e@mail.example.co.uk"])
def test_ordinary_addresses_are_taken(value: str) -> None:
    assert is_taken(value)
