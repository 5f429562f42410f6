"""The parts that decide without a sandbox: masking, lines, counts, the filter, an end's word."""

import json
import platform

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.running import SMALL
from workers.sandbox.channel import Channel
from workers.sandbox.counts import Counts, CountsWrong, counts_of
from workers.sandbox.judging import judge
from workers.sandbox.lines import Budget, Level, Lines, LogLine
from workers.sandbox.masking import COVER, SHORTEST, Masker
from workers.sandbox.outcome import Ended
from workers.sandbox.syscalls import filter_for

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\x1e*…"), max_size=40)
SECRET = st.text(st.sampled_from('abc\n"\\ é'), min_size=SHORTEST, max_size=8).filter(
    lambda text: len(text.strip()) >= SHORTEST
)


def lines_of(data: bytes, *secrets: str, line_bytes: int = 100, pieces: int = 0) -> list[LogLine]:
    masker = Masker({str(number): secret for number, secret in enumerate(secrets)})
    lines = Lines(Level.INFO, masker, Budget(SMALL.log_bytes), line_bytes)
    step = pieces or len(data) or 1
    found = [
        line
        for start in range(0, len(data), step)
        for line in lines.feed(data[start : start + step])
    ]
    return found + list(lines.close())


@given(TEXT, SECRET, TEXT)
def test_no_secret_survives(before: str, secret: str, after: str) -> None:
    text = f"{before}{secret}{after}"
    shown = Masker({"key": secret}).masked(text)

    assert secret not in shown
    assert COVER in shown


@given(st.lists(SECRET, min_size=1, max_size=3), st.integers(1, 30), st.integers(1, 60))
def test_no_half_of_a_secret_is_left_at_a_cut(
    secrets: list[str], pieces: int, line_bytes: int
) -> None:
    plain = [secret.replace("\n", "x") for secret in secrets]
    data = ("-".join(plain * 4) + "\nend\n").encode()

    for line in lines_of(data, *plain, line_bytes=line_bytes, pieces=pieces):
        rest = line.text.replace(COVER, "").replace(" … (cut)", "")
        assert not set(rest) & set('abcé"\\'), (line, plain)


def test_halves_that_overlap_are_covered_together() -> None:
    r"""The end of its spelling as Python has it reaches into the next one."""
    secret = '\\\\"\\'

    assert Masker({"key": secret}).masked_piece(secret * 2, before=True, behind=True) == COVER


@given(SECRET, TEXT, st.data())
def test_no_half_of_a_secret_is_left_at_either_end_of_a_piece(
    secret: str, between: str, data: st.DataObject
) -> None:
    """At least four characters of it, or nobody could tell; what is between stays."""
    cut = st.integers(SHORTEST, len(secret))
    begins, ends = data.draw(cut), data.draw(cut)
    masker = Masker({"key": secret})
    text = f"{secret[-begins:]}{between}{secret[:ends]}"

    shown = masker.masked_piece(text, before=True, behind=True)
    assert shown.startswith(COVER)
    assert shown.endswith(COVER)
    assert secret[-begins:] not in shown.removeprefix(COVER)[:begins]
    assert masker.masked_piece(between) == masker.masked(between)


def test_large_fields_are_cut_without_a_half_of_a_secret() -> None:
    fields = '{"k": "' + "x" * 63_989 + "s3cr"
    line = json.dumps({"level": "info", "message": "m", "fields": fields})
    (found,) = lines_of(f"\x1e{line}\n".encode(), "s3cr3t-of-mine")

    assert len(fields) == 64_000
    assert found.fields.endswith(f"xxx{COVER}")


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("abcdef", "xabcdefx"),
        ('qu"ote', json.dumps({"k": 'qu"ote'})),
        ("back\\slash", repr("back\\slash")),
        ("sp ace&more", "https://x?token=sp%20ace%26more"),
        ("sp ace&more", "https://x?token=sp+ace%26more"),
        ("-----KEY\nMIIEdata\n-----END", "a line of it: MIIEdata"),
        ("schlüssel", json.dumps("schlüssel")),
    ],
)
def test_a_secret_is_covered_as_it_is_usually_written(secret: str, text: str) -> None:
    shown = Masker({"key": secret}).masked(text)

    assert COVER in shown
    assert "MIIE" not in shown
    assert "ace" not in shown


def test_overlapping_secrets_are_covered_whole() -> None:
    assert Masker({"a": "abcd", "b": "cdef", "c": "abcdabcd"}).masked("-abcdef-abcdabcdabcd-") == (
        f"-{COVER}-{COVER}-"
    )


def test_short_values_and_words_of_json_are_left_alone() -> None:
    masker = Masker({"a": "abc", "b": True, "c": None, "d": 12, "e": {"f": ["deep-one", 123456]}})

    assert masker.masked("abc True null 12 deep-one 123456") == "abc True null 12 *** ***"
    assert masker.masked_json({"k": [1234567, 12]}) == {"k": [COVER, 12]}


@given(st.binary(max_size=300), st.integers(1, 50))
def test_pieces_do_not_matter(data: bytes, pieces: int) -> None:
    whole, split = lines_of(data), lines_of(data, pieces=pieces)

    assert [(line.level, line.text) for line in whole] == [(x.level, x.text) for x in split]
    assert all(line.text.isprintable() or "\0" not in line.text for line in whole)


def test_empty_lines_cost_as_well() -> None:
    assert len(lines_of(b"\n" * 1_000_000)) < SMALL.log_bytes // 64 + 2


@given(st.dictionaries(st.sampled_from(["total", "succeeded", "failed", "skipped"]), st.integers()))
def test_counts_add_up_or_are_none(value: dict[str, int]) -> None:
    try:
        counts = counts_of(value)
    except CountsWrong:
        return
    assert (counts is None) is (value == {})
    if counts is not None:
        assert counts.unprocessed >= 0
        assert min(counts.succeeded, counts.failed, counts.skipped) >= 0


def test_what_says_nothing_of_counts_is_none() -> None:
    values: list[object] = [None, 5, [], {}, {"rows": 3}]

    assert [counts_of(value) for value in values] == [None] * 5
    assert counts_of({"succeeded": 2, "rows": 3}) == Counts(2, 2, 0, 0)


# All but the word of a return itself, which counts even where it cannot be read.
WORDS = st.binary(max_size=200).filter(lambda told: b'{"returned":' not in told)


@given(WORDS, WORDS)
def test_nothing_that_is_told_breaks_the_channel(one: bytes, two: bytes) -> None:
    channel = Channel()
    told = b'{"ready":true}\n' + one + b"\n" + two + b'\n{"returned":4}\n{"returned":5}\n'

    assert list(channel.feed(told[:20])) + list(channel.feed(told[20:])) == []
    assert channel.is_ready
    assert channel.value == 4


def test_a_word_that_never_ends_is_thrown_away() -> None:
    channel = Channel()
    for _ in range(200):
        list(channel.feed(b"x" * 65_536))
    list(channel.feed(b'\n{"returned": 1}\n'))

    assert (channel.value, len(channel.warnings)) == (1, 1)


def test_a_word_of_a_million_parts_is_not_made_into_objects() -> None:
    channel = Channel()
    list(channel.feed(b'{"email":[' + b"[]," * 1_100_000 + b'0]}\n{"returned":1}\n'))

    assert (channel.value, len(channel.warnings)) == (1, 1)


def test_only_an_email_may_be_larger_than_a_value() -> None:
    channel = Channel()
    list(channel.feed(b'{"returned":"' + b"x" * 2**21 + b'"}\n{"returned":1}\n'))
    attached = [{"name": "a", "content": "eHh4" * 2**19}]
    email = {"type": "Success", "subject": "s", "body": "", "is_html": False}
    told = json.dumps({"email": {**email, "attachments": attached}}).encode() + b"\n"
    (found,) = channel.feed(told)

    assert channel.value == 1
    assert len(found.attachments[0].content) == 3 * 2**19


def test_what_is_warned_of_is_warned_of_once() -> None:
    channel = Channel()
    list(channel.feed(b'{"email":0}\n' * 10_000))

    assert len(channel.warnings) == 1


def test_a_run_that_never_began_is_lost() -> None:
    verdict = judge(Channel(is_ready=True), 1, cause=None, limit=None)

    assert verdict.ended is Ended.LOST


def test_the_filter_knows_this_machine_and_no_other() -> None:
    assert filter_for(platform.machine()) is not None
    assert filter_for("pdp11") is None
    assert all(len(filter_for(machine) or b"") % 8 == 0 for machine in ("x86_64", "aarch64"))


@given(st.lists(SECRET, min_size=17, max_size=40, unique=True), TEXT)
def test_many_values_are_covered_as_few_are(secrets: list[str], between: str) -> None:
    """They are looked for in another way; either way none is left."""
    masker = Masker({str(number): secret for number, secret in enumerate(secrets)})
    shown = masker.masked(between.join(secrets))

    assert all(secret not in shown for secret in secrets)
    assert COVER in shown
    assert masker.masked("nothing of it") == "nothing of it"
