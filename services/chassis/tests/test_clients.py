"""What counts as one client."""

import pytest

from chassis.clients import client_of


@pytest.mark.parametrize(
    ("peers", "is_one"),
    [
        (("192.0.2.1", "192.0.2.2"), False),
        (("::ffff:192.0.2.1", "192.0.2.1"), True),
        (("::ffff:192.0.2.1", "::ffff:192.0.2.2"), False),
        (("2001:db8::1", "2001:db8::ffff:1"), True),
        (("2001:db8::1", "2001:db8:0:1::1"), False),
        (("fe80::1%eth0", "fe80::2%eth0"), True),
        (("", "unix"), False),
    ],
)
def test_client_is_an_ipv4_address_or_a_network_of_ipv6(peers, is_one):
    assert (client_of(peers[0]) == client_of(peers[1])) is is_one
