"""Where a request came from: whom our own proxies saw, never what a client made up."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.client import UNKNOWN, client_address_of

ADDRESSES = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("seen", "proxies", "address"),
    [
        ("192.0.2.7", 1, "192.0.2.7"),
        ("192.0.2.7:51234", 1, "192.0.2.7"),
        (" 192.0.2.7 ", 1, "192.0.2.7"),
        ("2001:db8::1", 1, "2001:db8::1"),
        ("[2001:db8::1]", 1, "2001:db8::1"),
        ("[2001:DB8:0::1]:443", 1, "2001:db8::1"),
        ("203.0.113.9, 192.0.2.7", 1, "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7:80, 10.0.0.1", 2, "192.0.2.7"),
        ("203.0.113.9,192.0.2.7,10.0.0.1", 3, "203.0.113.9"),
        ("192.0.2.7", 2, UNKNOWN),
        ("", 1, UNKNOWN),
        ("unknown", 1, UNKNOWN),
        ("192.0.2.7, ", 1, UNKNOWN),
        ("192.0.2.7, not-an-address", 1, UNKNOWN),
        ("192.0.2.700", 1, UNKNOWN),
        ("192.0.2.07", 1, UNKNOWN),
        ("[2001:db8::1", 1, "2001:db8::1"),
        ("192.0.2.7", 0, UNKNOWN),
        ("192.0.2.7", -1, UNKNOWN),
        ("<script>", 1, UNKNOWN),
    ],
)
def test_the_address_is_whom_our_proxy_saw(seen: str, proxies: int, address: str) -> None:
    """Counted from the end, without port and brackets; anything else is unknown."""
    assert client_address_of({"x-forwarded-for": seen}, proxies=proxies) == address


def test_without_the_header_nobody_is_known() -> None:
    """No header names nobody, whatever other headers claim."""
    forged = {"forwarded": "for=192.0.2.7", "x-real-ip": "192.0.2.7", "client-ip": "192.0.2.7"}
    assert client_address_of(forged, proxies=1) == UNKNOWN


@given(st.text(max_size=80), st.lists(ADDRESSES, min_size=1, max_size=4), st.data())
def test_nothing_that_a_client_sends_changes_it(
    made_up: str, seen: list[str], data: st.DataObject
) -> None:
    """Whatever stands before what our proxies appended, the address is the same."""
    proxies = data.draw(st.integers(1, len(seen)))
    honest = ", ".join(seen)
    forged = f"{made_up}, {honest}"
    address = client_address_of({"x-forwarded-for": honest}, proxies=proxies)
    assert address == str(ip_address(seen[-proxies]))
    assert client_address_of({"x-forwarded-for": forged}, proxies=proxies) == address


@given(st.text(max_size=120), st.integers(1, 9))
def test_it_is_an_address_or_unknown(header: str, proxies: int) -> None:
    """No header breaks it, and nothing comes out that is no address."""
    address = client_address_of({"x-forwarded-for": header}, proxies=proxies)
    assert address == UNKNOWN or ip_address(address)
