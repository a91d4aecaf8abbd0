"""Which addresses outside this system a tenant may make it call: S4 of the security rules.

A tenant writes the address, and our machine sits where a tenant does not: next to databases, to
the cloud's metadata service and to Lambda's own runtime API. So only plain https names on port 443
are taken, and only if every address the name stands for is one of the public internet.
"""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, unquote, urlsplit

HTTPS_PORT = 443
MAX_URL_LENGTH = 2_048

type IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRINTABLE = re.compile(r"[!-~]+")
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}")
"""A DNS name of letters, digits and hyphens whose last label starts with a letter.

So no address written as a number in any notation passes: 127.1, 0x7f.0.0.1, 2130706433, [::1].
"""
_DOT_SEGMENT = re.compile(r"(?:^|[/\\])\.{1,2}(?:[;/\\]|$)")
"""In a decoded path. Servers differ in what ends a segment: `..;` and `..\\` climb on some."""

_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
"""All the global unicast space IANA has given out: mapped, NAT64 and local are outside."""
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        # IANA IPv4 and IPv6 Special-Purpose Address Registries, read 2026-11-22
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback; Lambda's runtime API
        "169.254.0.0/16",  # link-local; the cloud's metadata service
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


class Refused(Exception):
    """The call may not be made, or its answer not be used; the text is for the flow's author."""


def checked_url(url: str) -> SplitResult:
    """The parts of an https URL that names a public host. Raises Refused.

    Names in other scripts are to be written in their ASCII form (`xn--...`): what a resolver makes
    of a full-width digit is nobody's guess but the attacker's.
    """
    if len(url) > MAX_URL_LENGTH or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise Refused("the address has characters that no URL has, or too many")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("the address is no URL") from error
    if parts.scheme != "https":
        raise Refused("only https addresses are called")
    if "@" in parts.netloc:
        raise Refused("an address carries no user or password")
    if port not in (None, HTTPS_PORT):
        raise Refused(f"only port {HTTPS_PORT} is called")
    if not _HOST.fullmatch(parts.hostname or ""):
        raise Refused("the address names no public host")
    if _climbs(parts.path):
        raise Refused("the address has a segment that leads elsewhere: `.` or `..`")
    return parts


def checked_path(path: str) -> str:
    """A path, with query, to put behind an integration's base address. Raises Refused.

    What a customer typed may be part of it; it must not leave its place, so there is no `..`,
    however often encoded, and nothing that is read as a host.
    """
    if len(path) > MAX_URL_LENGTH or (path and not _PRINTABLE.fullmatch(path)) or "\\" in path:
        raise Refused("the endpoint has characters that no URL has: encode them")
    bare = path.partition("?")[0]
    if "#" in path or _climbs(bare) or bare.startswith("//"):
        raise Refused("the endpoint leaves the integration's address")
    return path if path.startswith("/") else f"/{path}"


def _climbs(path: str) -> bool:
    """Whether a path has dot segments after any number of decodings: proxies decode, too."""
    while (decoded := unquote(path)) != path:
        path = decoded
    return _DOT_SEGMENT.search(path) is not None


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to the public internet and holds no other address inside."""
    if address.version == 6 and address not in _PUBLIC_V6:  # noqa: PLR2004 -- IPv6
        return False
    return not any(address in network for network in _SPECIAL if network.version == address.version)


def checked_addresses(host: str, found: Sequence[str]) -> list[IpAddress]:
    """What a name resolved to. Raises Refused unless every single address is public.

    One private address among public ones is how rebinding starts: the name is refused whole.
    """
    try:
        addresses = [ipaddress.ip_address(text) for text in found]
    except ValueError as error:  # such as fe80::1%eth0
        raise Refused(f"{host} does not stand for public addresses") from error
    if not addresses or not all(is_public(address) for address in addresses):
        raise Refused(f"{host} does not stand for public addresses")
    return addresses
