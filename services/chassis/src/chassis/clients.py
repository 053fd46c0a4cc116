"""What limits count as one client."""

from ipaddress import IPv6Address, ip_address


def client_of(peer: str) -> str:
    """Return an IPv4 address, or the /64 of IPv6 that one customer is given; what is no address stays as it is."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if not isinstance(address, IPv6Address):
        return peer
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
