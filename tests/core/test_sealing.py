"""What is sealed is read back by the same key for the same purpose, and not otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.sealing import Unsealable, seal, unseal

KEY = "a secret of the test suite, long enough"
CONTEXT = b"upload-source:1"


@given(plain=st.binary(max_size=200), context=st.binary(max_size=40))
def test_what_was_sealed_is_read_back(plain: bytes, context: bytes) -> None:
    assert unseal(KEY, seal(KEY, plain, context=context), context=context) == plain


def test_the_same_is_sealed_differently_each_time() -> None:
    one, two = (seal(KEY, b"hush", context=CONTEXT) for _ in range(2))

    assert one != two
    assert b"hush" not in one
    assert one[:1] == b"\x01"


def test_another_key_or_context_opens_nothing() -> None:
    sealed = seal(KEY, b"hush", context=CONTEXT)

    with pytest.raises(Unsealable):
        unseal(KEY + "!", sealed, context=CONTEXT)
    with pytest.raises(Unsealable):
        unseal(KEY, sealed, context=b"upload-source:2")


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
def test_a_changed_byte_opens_nothing(position: int) -> None:
    sealed = bytearray(seal(KEY, b"hush", context=CONTEXT))
    sealed[position] ^= 1

    with pytest.raises(Unsealable):
        unseal(KEY, bytes(sealed), context=CONTEXT)


@pytest.mark.parametrize("length", [0, 1, 12, 13, 20])
def test_what_was_cut_opens_nothing(length: int) -> None:
    with pytest.raises(Unsealable):
        unseal(KEY, seal(KEY, b"hush", context=CONTEXT)[:length], context=CONTEXT)
