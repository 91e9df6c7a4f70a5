from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.budget.model.trust import Trust
from holdfast.service.caller import NOWHERE, Callers

PROXIES = ("10.0.0.0/8", "fd00::/8")


def scope(peer: str | None, *headers: tuple[str, str]) -> dict[str, Any]:
    client = None if peer is None else (peer, 50000)
    return {
        "client": client,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }


def xff(*lines: str) -> list[tuple[str, str]]:
    return [("x-forwarded-for", line) for line in lines]


def behind(**options: Any) -> Callers:
    return Callers(Trust.model_validate({"proxies": PROXIES, **options}))


def test_without_proxies_nobody_is_believed() -> None:
    callers = Callers()
    assert callers.caller(scope("10.0.0.1", *xff("6.6.6.6"))).address == "10.0.0.1"
    assert not callers.trusted(scope("10.0.0.1"))


def test_a_peer_that_is_no_proxy_is_not_believed() -> None:
    assert behind().caller(scope("203.0.113.9", *xff("6.6.6.6"))).address == "203.0.113.9"


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9"], "203.0.113.9"),  # the client wrote the first
        (["6.6.6.6", "203.0.113.9"], "203.0.113.9"),  # ... or a line of its own
        (["203.0.113.9, 10.1.1.1, 10.2.2.2"], "203.0.113.9"),
        (["203.0.113.9", "10.1.1.1", "10.2.2.2"], "203.0.113.9"),
        (["203.0.113.9:4711"], "203.0.113.9"),
        (["2001:DB8::0:1"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["fe80::1%eth0"], "fe80::1"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9,,  ,"], "203.0.113.9"),
        (["10.3.3.3"], "10.3.3.3"),  # a caller within
        ([], "10.0.0.1"),
        ([""], "10.0.0.1"),
    ],
)
def test_the_first_from_the_right_that_is_no_proxy_is_the_client(lines: list[str], client: str) -> None:
    assert behind().caller(scope("10.0.0.1", *xff(*lines))).address == client


@pytest.mark.parametrize(
    "garbage",
    [
        "unknown",
        "_hidden",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "203.0.113.9:",
        "203.0.113.9:123456",
        "[2001:db8::1",
        "2001:db8::1]:80",
        "<script>",
        "\xff\xfe",
        "9" * 5000,
        "203.0.113.9 x",
        "٢٠٣.0.113.9".encode().decode("latin-1"),
    ],
)
def test_who_is_told_of_by_garbage_shares_the_proxy_and_has_no_rights(garbage: str) -> None:
    callers = behind(callers=PROXIES)
    caller = callers.caller(scope("10.0.0.1", *xff(f"6.6.6.6, {garbage}, 10.7.7.7")))
    assert (caller.address, caller.trusted) == ("10.7.7.7", False)


def test_a_chain_without_end_is_cut() -> None:
    caller = behind(callers=PROXIES).caller(scope("10.0.0.1", *xff(", ".join(["10.9.9.9"] * 1000))))
    assert (caller.address, caller.trusted) == ("10.9.9.9", False)


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("for=203.0.113.9", "203.0.113.9"),
        ("For=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"),
        ('proto=http;for="203.0.113.9:4711"', "203.0.113.9"),
        ('for="[2001:db8::1]:4711"', "2001:db8::1"),
        ("for=6.6.6.6, for=203.0.113.9, for=10.1.1.1", "203.0.113.9"),
        (
            'for=", for=203.0.113.9',
            "203.0.113.9",
        ),  # the client's open quote does not swallow the proxy's word
        ('for=203.0.113.9;host="a,for=6.6.6.6"', "10.0.0.1"),  # a torn quoted string is no element
        ("for=unknown", "10.0.0.1"),
        ("proto=https", "10.0.0.1"),
        ("203.0.113.9", "10.0.0.1"),
        ("for=;x", "10.0.0.1"),
    ],
)
def test_forwarded_where_it_is_the_header_of_the_proxies(value: str, client: str) -> None:
    callers = behind(header="forwarded")
    seen = callers.caller(scope("10.0.0.1", ("x-forwarded-for", "6.6.6.6"), ("forwarded", value)))
    assert seen.address == client


def test_the_other_header_is_not_read() -> None:
    seen = behind().caller(scope("10.0.0.1", ("forwarded", "for=6.6.6.6"), *xff("203.0.113.9")))
    assert seen.address == "203.0.113.9"


def test_an_ipv6_client_is_its_network() -> None:
    callers = behind()
    one, other = (callers.caller(scope(f"2001:db8:0:7::{last}")) for last in ("1", "abcd"))
    assert one.group == other.group == "2001:db8:0:7::/64"
    assert callers.caller(scope("2001:db8:0:8::1")).group != one.group
    assert callers.caller(scope("203.0.113.9")).group == "203.0.113.9"
    assert behind(ipv6_prefix=48).caller(scope("2001:db8:0:7::1")).group == "2001:db8::/48"


@pytest.mark.parametrize("peer", [None, "", "/run/app.sock", "testclient"])
def test_a_peer_without_an_address(peer: str | None) -> None:
    told = scope(peer, *xff("203.0.113.9"))
    assert Callers().caller(told).address == NOWHERE
    assert behind(proxies=["unix"]).caller(told).address == "203.0.113.9"
    assert behind(proxies=["unix"]).caller(scope(peer)).address == NOWHERE


def test_trusted_callers_behind_a_proxy_and_before_it() -> None:
    callers = behind(callers=["192.168.0.0/16", "2001:db8::/32"])
    assert callers.trusting
    assert callers.trusted(scope("192.168.1.1"))
    assert callers.trusted(scope("10.0.0.1", *xff("6.6.6.6, 2001:db8::9")))
    assert not callers.trusted(scope("10.0.0.1", *xff("192.168.1.1, 203.0.113.9")))
    assert not callers.trusted(scope(None))


ADDRESSES = st.ip_addresses().map(str)
OUTSIDE = st.ip_addresses(v=4).filter(lambda ip: ip not in ipaddress.ip_network("10.0.0.0/8")).map(str)
INSIDE = st.ip_addresses(v=4, network="10.0.0.0/8").map(str)


@given(st.text(st.characters(max_codepoint=255), max_size=40), OUTSIDE, st.lists(INSIDE, max_size=5))
def test_nothing_that_a_client_writes_hides_it(invented: str, client: str, inner: list[str]) -> None:
    """Whatever stands to the left of what the proxies wrote, the client is the one that they saw."""
    header = ", ".join([invented, client, *inner])
    seen = behind().caller(
        {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", header.encode("latin-1"))]}
    )
    assert seen.address == client


@given(st.lists(ADDRESSES, max_size=40), st.binary(max_size=60))
def test_no_header_raises(addresses: list[str], noise: bytes) -> None:
    for name in ("x-forwarded-for", "forwarded"):
        callers = behind(header=name, proxies=["0.0.0.0/1", "128.0.0.0/1", "::/1"])
        value = ",".join(addresses).encode() + noise
        caller = callers.caller({"client": ("10.0.0.1", 1), "headers": [(name.encode(), value)]})
        assert ipaddress.ip_address(caller.address)


def test_what_is_remembered_is_bounded() -> None:
    callers = Callers()
    for number in range(10_000):
        callers.caller(scope(str(ipaddress.ip_address(number))))
    assert len(callers._known) <= 4096
