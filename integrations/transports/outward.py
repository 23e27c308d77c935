"""The addresses of this machine, and those from which it connects to others, as it sees them."""

import ipaddress
import socket

# Documentation networks: public in the routing table's eyes, and no server's.
FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
ANY_PORT = 9


def outward_addresses() -> list[str]:
    """Return the addresses that connections to the internet would leave from; nothing is sent.

    Behind a gateway that translates addresses, the other side sees that of the gateway.
    """
    found = (outward(family, address) for family, address in FAR)
    return [address for address in found if address and not is_own_machine(address)]


def outward(family, address):
    """Return the address a UDP socket would send from: to connect one only asks the routes."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, ANY_PORT))
            return probe.getsockname()[0]
    except OSError:
        return None  # It has no way there.


def is_here(address: str) -> bool:
    """Return whether this machine has the address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if not binds(family, address):
        return False
    # A kernel can be told to let anybody bind anything: then the way there has to tell.
    return outward(family, address) == address or not binds(family, dict(FAR)[family])


def binds(family, address):
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def is_own_machine(address):
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.is_loopback or ip.is_unspecified
