"""Addresses a tenant might try, in every notation that has been published."""

import ipaddress
from posixpath import normpath
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.channels.guard import (
    Refused,
    checked_addresses,
    checked_path,
    checked_url,
    is_public,
)
from parley.engine.texts import percent_encoded

BYPASSES = [
    "http://shop.example/",
    "ftp://shop.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "//shop.example/",
    "https:shop.example",
    "https://",
    "https:///",
    "https://localhost/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",  # decimal
    "https://0x7f000001/",  # hexadecimal
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",  # octal
    "https://017700000001/",
    "https://0/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1%25eth0]/",
    "https://[64:ff9b::7f00:1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://1.1.1.1/",  # an address proves no name: certificates are for names
    "https://%31%32%37.0.0.1/",  # percent-encoded
    "https://%6cocalhost/",
    "https://\uff11\uff12\uff17.0.0.1/",  # full-width digits
    "https://\u2460\u2461\u2466.0.0.1/",  # circled digits
    "https://l\u00f6calhost.example/",  # a name not in its ASCII form
    "https://shop\u3002example/",  # ideographic full stop
    "https://shop.example\uff0f@169.254.169.254/",
    "https://user@shop.example/",
    "https://user:password@shop.example/",
    "https://shop.example@169.254.169.254/",
    "https://shop.example\\@169.254.169.254/",
    "https://shop.example:80/",
    "https://shop.example:8443/",
    "https://shop.example:99999/",
    "https://shop.example:0/",
    "https://shop.example:/x y",
    "https://shop.example/\r\nHost: evil",
    "https://shop.example/\t",
    "https://shop_.example/",
    "https://-shop.example/",
    "https://shop..example/",
    "https://shop.example./",
    "https://.example/",
    "https://shop.123/",
    "https://" + "a" * 64 + ".example/",
    "https://shop.example/" + "a" * 2_048,
    " https://shop.example/",
    "",
]

PRIVATE = [
    "0.0.0.0",  # noqa: S104 -- it is to be refused
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",  # mapped
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b:1::1",
    "100::1",  # discard
    "2001::1",  # Teredo
    "2001:0:53aa:64c:0:7efe:7f00:1",
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata over IPv6
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("url", BYPASSES)
def test_an_address_that_could_mean_something_else_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/orders?id=1",
        "https://SHOP.example",
        "https://shop.example:443/x",
        "https://a-b.c1.xn--p1ai/",
        "https://xn--bcher-kva.example/",
    ],
)
def test_a_public_https_name_passes(url: str) -> None:
    assert checked_url(url).scheme == "https"


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450::1"])
def test_an_address_of_the_public_internet_passes(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "found",
    [
        [],
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["8.8.8.8", "::1"],
        ["fe80::1%eth0"],
        ["nonsense"],
    ],
)
def test_one_private_address_refuses_the_whole_name(found: list[str]) -> None:
    with pytest.raises(Refused):
        checked_addresses("shop.example", found)


@pytest.mark.parametrize(
    ("path", "checked"),
    [
        ("/orders/AB123456", "/orders/AB123456"),
        ("orders", "/orders"),
        ("", "/"),
        ("?q=1", "/?q=1"),
        ("@evil.example", "/@evil.example"),
        (":80/x", "/:80/x"),
        ("/a/..b", "/a/..b"),
        ("/a?next=/../b", "/a?next=/../b"),
        ("/a/100%25", "/a/100%25"),
        ("/a/%2F", "/a/%2F"),
    ],
)
def test_a_path_stays_below_its_base(path: str, checked: str) -> None:
    assert checked_path(path) == checked


CLIMBING = [
    "/../admin",
    "/orders/..",
    "/orders/%2e%2e/admin",
    "/orders/.%2E/admin",
    "/orders/..%2fadmin",
    "/orders/%2e%2e%2Fadmin",
    "/orders/..%5cadmin",
    "/orders/%2E%2E%5C..%5Cadmin",
    "/orders/%252e%252e/admin",
    "/orders/..%25252fadmin",
    "/orders/..;/admin",
    "/orders/..%3bx=1/admin",
    "/orders/x%2f..",
    "/orders/%2e",
    "/./x",
]
"""Paths that leave their place, for one server or another."""


@pytest.mark.parametrize("path", CLIMBING)
def test_a_path_that_climbs_is_refused_wherever_it_stands(path: str) -> None:
    with pytest.raises(Refused):
        checked_path(path)
    with pytest.raises(Refused):
        checked_url(f"https://shop.example{path}?x=1")


@given(words=st.text(max_size=40) | st.text(alphabet="./\\;%25fFeEcC", max_size=20))
def test_what_a_customer_typed_stays_in_its_segment_or_is_refused(words: str) -> None:
    """For a server that decodes as often as it likes, and takes `\\` for `/`."""
    try:
        path = checked_path(f"/orders/{percent_encoded(words)}/status")
    except Refused:
        return

    assert path.split("/")[:2] + path.split("/")[3:] == ["", "orders", "status"]
    while (decoded := unquote(path)) != path:
        path = decoded
    assert normpath(path.replace("\\", "/")).startswith("/orders/")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/x",
        "/x\\..\\y",
        "/x y",
        "/x\r\nHost: evil",
        "/x#fragment",
        "/\u00fcber",
        "/" + "a" * 2_048,
    ],
)
def test_a_path_that_would_leave_its_base_is_refused(path: str) -> None:
    with pytest.raises(Refused):
        checked_path(path)
