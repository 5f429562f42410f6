"""Names of hosts, and allow lists of them."""

import pytest

from app.core.outbound.hosts import faults_in_patterns, host_of, pattern_of, place_of


@pytest.mark.parametrize(
    ("text", "host", "port", "fits"),
    [
        ("example.com", "example.com", 443, True),
        ("example.com", "example.com", 80, True),
        ("example.com", "example.com", 8080, False),
        ("example.com", "api.example.com", 443, False),
        ("EXAMPLE.com.", "example.com", 443, True),
        ("*.example.com", "api.example.com", 443, True),
        ("*.example.com", "a.b.example.com", 443, True),
        ("*.example.com", "example.com", 443, False),
        ("*.example.com", "evilexample.com", 443, False),
        ("*.example.com:22", "sftp.example.com", 22, True),
        ("*.example.com:22", "sftp.example.com", 443, False),
        ("db.test:5432", "db.test", 5432, True),
        ("db.test:5432", "db.test", 443, False),
        ("10.1.2.3:8443", "10.1.2.3", 8443, True),
        ("[2001:DB8::0:1]:443", "2001:db8::1", 443, True),
        ("bücher.example", "xn--bcher-kva.example", 443, True),
    ],
)
def test_an_entry_means_what_it_says(text: str, host: str, port: int, fits: bool) -> None:
    assert pattern_of(text).fits(host, port) is fits


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "*.", "*.com", "*.1.2.3.4", "a*.example.com", "*.*.example.com", "a..b"),
        *("example.com:", "example.com:0", "example.com:65536", "example.com:x", "a:1:2"),
        *("https://example.com", "example.com/v1", "user@example.com", "a b", "a\n", "-a.test"),
        *("[1.2.3.4]", "[2001:db8::1", "2001:db8::1", "[fe80::1%eth0]", "a" * 64 + ".test"),
        *("1" * 250 + ".test", "ü" * 70),
    ],
)
def test_what_is_no_entry_is_a_fault_at_its_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"host|port|name|label"):
        pattern_of(text)
    (fault,) = faults_in_patterns(["example.com", text], pointer="/allow_list")

    assert (fault.pointer, fault.code) == ("/allow_list/1", "bad_host")


def test_there_are_at_most_two_hundred() -> None:
    assert faults_in_patterns(["example.com"] * 200) == []
    assert [fault.code for fault in faults_in_patterns(["example.com"] * 201)] == ["too_many"]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Example.COM.", "example.com"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("a_b.test", "a_b.test"),
        ("2130706433", "2130706433"),
    ],
)
def test_a_host_has_one_form(text: str, host: str) -> None:
    assert host_of(text) == host


def test_a_port_is_named_or_meant() -> None:
    assert place_of("example.com", port=80) == ("example.com", 80)
    assert place_of("[::1]:9", port=80) == ("::1", 9)
    assert place_of("example.com") == ("example.com", None)
