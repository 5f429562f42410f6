"""Which addresses may be called: the table, address by address."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.outbound.rules import Network, may_call, network_of

EXPECTED = {
    "0.0.0.0": Network.RESERVED,  # noqa: S104  (judged, not listened on)
    "0.1.2.3": Network.RESERVED,
    "10.0.0.1": Network.PRIVATE,
    "100.64.0.1": Network.SHARED,
    "100.127.255.255": Network.SHARED,
    "100.128.0.0": Network.PUBLIC,
    "100.100.100.200": Network.METADATA,
    "127.0.0.1": Network.LOOPBACK,
    "127.255.255.254": Network.LOOPBACK,
    "168.63.129.16": Network.METADATA,
    "169.254.1.1": Network.LINK_LOCAL,
    "169.254.169.254": Network.METADATA,
    "169.254.170.2": Network.METADATA,
    "172.15.255.255": Network.PUBLIC,
    "172.16.0.0": Network.PRIVATE,
    "172.31.255.255": Network.PRIVATE,
    "172.32.0.0": Network.PUBLIC,
    "192.0.0.8": Network.RESERVED,
    "192.0.0.192": Network.METADATA,
    "192.0.2.1": Network.DOCUMENTATION,
    "192.88.99.1": Network.TRANSITION,
    "192.168.255.255": Network.PRIVATE,
    "192.169.0.0": Network.PUBLIC,
    "198.17.255.255": Network.PUBLIC,
    "198.18.0.1": Network.BENCHMARK,
    "198.19.255.255": Network.BENCHMARK,
    "198.51.100.7": Network.DOCUMENTATION,
    "203.0.113.7": Network.DOCUMENTATION,
    "224.0.0.1": Network.MULTICAST,
    "239.255.255.255": Network.MULTICAST,
    "240.0.0.1": Network.RESERVED,
    "255.255.255.255": Network.RESERVED,
    "8.8.8.8": Network.PUBLIC,
    "::": Network.RESERVED,
    "::1": Network.LOOPBACK,
    "::7f00:1": Network.TRANSITION,
    "::ffff:0:127.0.0.1": Network.TRANSITION,
    "::ffff:127.0.0.1": Network.LOOPBACK,
    "::ffff:10.0.0.1": Network.PRIVATE,
    "::ffff:169.254.169.254": Network.METADATA,
    "::ffff:8.8.8.8": Network.PUBLIC,
    "64:ff9b::127.0.0.1": Network.LOOPBACK,
    "64:ff9b::a9fe:a9fe": Network.METADATA,
    "64:ff9b::8.8.8.8": Network.PUBLIC,
    "64:ff9b:1::8.8.8.8": Network.TRANSITION,
    "100::1": Network.RESERVED,
    "2001::1": Network.TRANSITION,
    "2001:0:7f00:1::": Network.TRANSITION,
    "2001:2::1": Network.BENCHMARK,
    "2001:20::1": Network.RESERVED,
    "2001:db8::1": Network.DOCUMENTATION,
    "2001:4860:4860::8888": Network.PUBLIC,
    "2002:7f00:1::": Network.TRANSITION,
    "2002:808:808::": Network.TRANSITION,
    "3fff::1": Network.DOCUMENTATION,
    "2a00:1450::1": Network.PUBLIC,
    "4000::1": Network.RESERVED,
    "5f00::1": Network.RESERVED,
    "fc00::1": Network.PRIVATE,
    "fd00:ec2::254": Network.METADATA,
    "fd20:ce::254": Network.METADATA,
    "fdff::1": Network.PRIVATE,
    "fe80::1": Network.LINK_LOCAL,
    "fe80::1%eth0": Network.LINK_LOCAL,
    "fec0::1": Network.PRIVATE,
    "ff02::1": Network.MULTICAST,
}


@pytest.mark.parametrize("address", EXPECTED)
def test_an_address_is_of_its_network(address: str) -> None:
    network = EXPECTED[address]

    assert network_of(address) is network
    assert may_call(address, allow_private=False) is (network is Network.PUBLIC)


def test_a_sandbox_calls_what_is_inside_and_nothing_else_more() -> None:
    called = {
        network for address, network in EXPECTED.items() if may_call(address, allow_private=True)
    }

    assert called == {Network.PUBLIC, Network.LOOPBACK, Network.PRIVATE, Network.SHARED}


# What the library calls global and is refused here all the same.
STRICTER = [
    *("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b::/96", "::ffff:0:0/96"),
    *("2001::/23", "2002::/16", "::ffff:0:0:0/96", "64:ff9b:1::/48"),
]


@given(
    address=st.ip_addresses(v=4)
    | st.ip_addresses(v=6)
    | st.ip_addresses(v=6, network="2000::/3")
    | st.ip_addresses(v=6, network="::/16")
)
def test_what_is_called_is_global_for_the_library_too(
    address: IPv4Address | IPv6Address,
) -> None:
    if may_call(str(address), allow_private=False):
        is_carried = any(address in ip_network(network) for network in STRICTER)
        assert is_carried or (address.is_global and not address.is_multicast)
    elif address.is_global and address.version == 4 and not address.is_multicast:
        assert any(address in ip_network(network) for network in STRICTER)


@given(inner=st.ip_addresses(v=4), prefix=st.sampled_from(["::ffff:", "64:ff9b::"]))
def test_an_address_carried_in_another_is_judged_itself(inner: IPv4Address, prefix: str) -> None:
    assert network_of(str(ip_address(f"{prefix}{inner}"))) is network_of(str(inner))


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "1.2.3.4.5"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        network_of(text)
