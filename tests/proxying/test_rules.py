"""What may be reached: the account's list, the installation's networks, its own `/v1`."""

from ipaddress import ip_network

import pytest

from app.core.errors import AppError
from app.core.outbound.hosts import pattern_of
from app.core.settings import Proxying
from workers.proxying.errors import HostNotAllowed, PathNotAllowed, PortNotAllowed
from workers.proxying.policy import Caps, OwnApi, Policy, own_api_of, policy_of
from workers.proxying.rules import Target, is_below_v1, judge_of

PUBLIC, PRIVATE, LOOPBACK, METADATA = "8.8.8.8", "10.20.3.4", "127.0.0.1", "169.254.169.254"
EVERYWHERE = [PUBLIC, PRIVATE, LOOPBACK, METADATA]
LIST = tuple(map(pattern_of, ["crm.test", "*.partner.test", "sftp.test:22", "100.100.100.200"]))
INSIDE = (ip_network("10.20.0.0/16"), ip_network("100.64.0.0/10"), ip_network("169.254.0.0/16"))


def reached(policy: Policy, target: Target) -> list[str]:
    judge = judge_of(policy, target)
    return [address for address in EVERYWHERE if judge(address)]


@pytest.mark.parametrize("port", [80, 443])
def test_without_a_list_every_public_address_is_reached_as_the_web(port: int) -> None:
    assert reached(Policy(), Target("any.test", port)) == [PUBLIC]


@pytest.mark.parametrize("port", [22, 25, 5432, 8080])
def test_other_ports_have_to_be_listed(port: int) -> None:
    with pytest.raises(PortNotAllowed):
        judge_of(Policy(allowed=LIST), Target("any.test", port))


def test_a_list_adds_to_what_is_public() -> None:
    policy = Policy(allowed=LIST)

    assert reached(policy, Target("any.test", 443)) == [PUBLIC]
    assert reached(policy, Target("sftp.test", 22)) == [PUBLIC]


def test_or_replaces_it() -> None:
    policy = Policy(allowed=LIST, only_listed=True)

    assert reached(policy, Target("a.partner.test", 443)) == [PUBLIC]
    with pytest.raises(HostNotAllowed):
        judge_of(policy, Target("any.test", 443))
    with pytest.raises(PortNotAllowed):
        judge_of(policy, Target("sftp.test", 443))


def test_a_listed_host_lies_in_a_private_network_only_where_the_installation_lets_it() -> None:
    listed = Target("crm.test", 443)

    assert reached(Policy(allowed=LIST), listed) == [PUBLIC]
    assert reached(Policy(allowed=LIST, private_networks=INSIDE), listed) == [PUBLIC, PRIVATE]
    assert reached(Policy(private_networks=INSIDE), listed) == [PUBLIC]


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "100.100.100.200", "::ffff:169.254.169.254"]
)
def test_nobody_opens_the_metadata(address: str) -> None:
    everything = Policy(
        own_api=OwnApi("own.test", 443, is_tls=True),
        allowed=LIST,
        private_networks=(*INSIDE, ip_network("0.0.0.0/0"), ip_network("::/0")),
        allow_private=True,
    )

    for target in (Target("crm.test", 443), Target("own.test", 443), Target("any.test", 80)):
        assert not judge_of(everything, target)(address)


def test_a_sandboxs_code_reaches_what_is_inside() -> None:
    policy = Policy(allow_private=True)

    assert reached(policy, Target("any.test", 80)) == [PUBLIC, PRIVATE, LOOPBACK]
    with pytest.raises(PortNotAllowed):
        judge_of(policy, Target("any.test", 5432))


@pytest.mark.parametrize(
    ("url", "path", "may"),
    [
        ("http://own.test:8080", "/v1/jobs", True),
        ("http://own.test:8080", "/console", False),
        ("http://own.test:8080", None, False),
        ("https://own.test:8080", None, True),
    ],
)
def test_of_this_installation_only_the_api(url: str, path: str | None, may: bool) -> None:
    policy = Policy(own_api=own_api_of(url), only_listed=True)
    target = Target("own.test", 8080, path)

    if may:
        assert reached(policy, target) == [PUBLIC, PRIVATE, LOOPBACK]
    else:
        with pytest.raises(PathNotAllowed):
            judge_of(policy, target)


@pytest.mark.parametrize("target", [Target("own.test", 8081, "/v1"), Target("127.0.0.1", 8080)])
def test_its_other_ports_and_names_are_nothing_special(target: Target) -> None:
    with pytest.raises(AppError):
        judge_of(Policy(own_api=own_api_of("http://own.test:8080")), target)


def test_a_list_does_not_open_the_rest_of_this_installation() -> None:
    policy = Policy(own_api=own_api_of("http://own.test"), allowed=(pattern_of("own.test"),))

    with pytest.raises(PathNotAllowed):
        judge_of(policy, Target("own.test", 80, "/docs"))


@pytest.mark.parametrize(
    ("path", "is_below"),
    [
        ("/v1", True),
        ("/v1/", True),
        ("/v1/people?email=a/../b", True),
        ("/v1?x=%2e%2e", True),
        ("/v1/%41", True),
        ("/", False),
        ("/v11", False),
        ("/V1/people", False),
        ("//v1/people", False),
        ("/v1/../console", False),
        ("/v1/./../console", False),
        ("/v1/%2e%2e/console", False),
        ("/v1/%252e%252e/console", False),
        ("/v1/..%2fconsole", False),
        ("/v1/..%5cconsole", False),
        ("/v1\\..\\console", False),
        ("/console?/v1/", False),
        ("/console/v1/", False),
        ("*", False),
    ],
)
def test_below_v1_however_it_is_written(path: str, is_below: bool) -> None:
    assert is_below_v1(path) is is_below


@pytest.mark.parametrize("url", ["", "own.test", "ftp://own.test", "https://", "http://a/b"])
def test_a_base_address_is_an_http_address_without_a_path(url: str) -> None:
    with pytest.raises(ValueError, match="base address"):
        own_api_of(url)


def test_a_base_address_has_the_port_of_its_scheme() -> None:
    assert own_api_of("https://Own.Test/") == OwnApi("own.test", 443, is_tls=True)
    assert own_api_of("http://[::1]:8080/v1") == OwnApi("::1", 8080, is_tls=False)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:8080", "http://api.penstock.internal:8080/v1"),
        ("http://localhost", "http://api.penstock.internal/v1"),
        ("http://[::1]:8080/v1", "http://api.penstock.internal:8080/v1"),
        ("http://api:8080", "http://api:8080/v1"),
        ("http://[fd00::1]:8080", "http://[fd00::1]:8080/v1"),
        ("https://penstock.example.com", "https://penstock.example.com/v1"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443/v1"),
    ],
)
def test_code_is_told_a_name_that_no_client_takes_for_its_own_machine(url: str, told: str) -> None:
    assert own_api_of(url).url == told


def test_the_name_it_is_told_leads_to_the_api_and_nowhere_else() -> None:
    policy = Policy(own_api=own_api_of("http://127.0.0.1:8080"), only_listed=True)

    assert LOOPBACK in reached(policy, Target("api.penstock.internal", 8080, "/v1/people"))
    for path in ("/metrics", None):
        with pytest.raises(PathNotAllowed):
            judge_of(policy, Target("api.penstock.internal", 8080, path))
    with pytest.raises(AppError):
        judge_of(policy, Target("api.penstock.internal", 8081, "/v1"))


def test_caps_are_those_of_the_settings_unless_told_otherwise() -> None:
    assert policy_of(Proxying(), own_url=None, only_listed=False) == Policy(caps=Caps())


def test_the_settings_make_a_policy() -> None:
    settings = Proxying(connections=3, private_networks=(ip_network("10.0.0.0/8"),))
    policy = policy_of(settings, own_url=None, allowed=["a.test:22"], only_listed=True)

    assert (policy.caps.at_once, policy.caps.bytes_out) == (3, 2**30)
    assert policy.allowed == (pattern_of("a.test:22"),)
    assert policy.private_networks == (ip_network("10.0.0.0/8"),)
