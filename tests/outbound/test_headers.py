"""What a customer may say in a request, and what not."""

import pytest

from app.core.outbound.rules import faults_in_headers


def test_headers_of_ones_own_are_taken() -> None:
    given = {"Authorization": "Bearer abc", "X-Api-Key": "k", "Accept": "text/csv", "X-Empty": ""}

    assert faults_in_headers(given) == []


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Expect", "Upgrade", "TE"]
)
def test_where_a_request_ends_and_whom_it_is_for_is_ours(name: str) -> None:
    (fault,) = faults_in_headers({name: "x"}, pointer="/headers")

    assert (fault.pointer, fault.code) == (f"/headers/{name}", "not_yours")


@pytest.mark.parametrize(
    "value", ["a\r\nHost: b", "a\nb", "a\rb", "a\0b", "a\x7f", "ü", " a", "a "]
)
def test_a_value_cannot_begin_another_header(value: str) -> None:
    (fault,) = faults_in_headers({"X-Key": value}, pointer="/headers")

    assert (fault.pointer, fault.code) == ("/headers/X-Key", "bad_value")
    assert value not in fault.detail


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\nb", "ü", "a\0", "x" * 101])
def test_a_name_is_a_token_and_a_bad_one_is_not_repeated(name: str) -> None:
    (fault,) = faults_in_headers({name: "x"}, pointer="/headers")

    assert (fault.pointer, fault.code) == ("/headers", "bad_name")


def test_there_are_at_most_fifty() -> None:
    assert faults_in_headers({f"X-{n}": "" for n in range(50)}) == []
    assert [fault.code for fault in faults_in_headers({f"X-{n}": "" for n in range(51)})] == [
        "too_many"
    ]
