"""Who asks: the address of a visitor, behind proxies that are trusted to say it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
#: What one visitor usually has of the addresses of IPv6.
_SITE = 64


def visitor_of(remote: str, forwarded: str, trusted: Sequence[Network]) -> Address | None:
    """Return the address of the visitor; None where the server was told none that is one.

    Args:
        remote: who is connected.
        forwarded: the ``X-Forwarded-For`` of the request: whoever passes it on adds the one it has it from.
        trusted: proxies whose word counts. Of the chain, the last that is none of these is the visitor.

    >>> proxies = [ip_network("10.0.0.0/8")]
    >>> str(visitor_of("10.0.0.1", "6.6.6.6, 8.8.8.8, 10.0.0.2", proxies))
    '8.8.8.8'
    >>> str(visitor_of("9.9.9.9", "6.6.6.6", proxies))
    '9.9.9.9'
    """
    found = _address(remote)
    for hop in reversed(forwarded.split(",") if forwarded else []):
        said = _address(hop)
        if said is None or found is None or not any(found in network for network in trusted):
            break
        found = said
    return found


def household(address: Address) -> str:
    """Return what is counted as one visitor: an address of IPv4, a network of IPv6.

    >>> household(ip_address("2001:db8::1:2")), household(ip_address("::ffff:9.9.9.9"))
    ('2001:db8::', '9.9.9.9')
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Network((address, _SITE), strict=False).network_address)
    return str(getattr(address, "ipv4_mapped", None) or address)


@lru_cache(maxsize=1024)
def _address(text: str) -> Address | None:
    try:
        return ip_address(text.strip())
    except ValueError:
        return None


__all__ = ["Address", "Network", "household", "ip_network", "visitor_of"]
