"""Which machines may be reached. A name is looked up once, and the checked address is used."""

import ipaddress
import socket
import threading
from dataclasses import dataclass

from integrations.delivery import Delivery
from integrations.errors import PermanentError, TransientError
from integrations.transports import outward

NO_SUCH_NAME = (socket.EAI_NONAME, socket.EAI_NODATA)
LOOK = 0.1  # seconds between looks at the stop signal
# Never reached because a wide network was allowed: only by a network that lies inside of them.
# So are all other addresses of this machine, each for itself.
OWN_MACHINE = ("127.0.0.0/8", "::1/128", "0.0.0.0/8", "::/128")
LINK_LOCAL = (
    *("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128"),
    *("100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fec0::/10"),
)
OWN = [ipaddress.ip_network(network) for network in OWN_MACHINE]
GUARDED = [*OWN, *(ipaddress.ip_network(network) for network in LINK_LOCAL)]
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64
SHARED = ipaddress.ip_network("100.64.0.0/10")  # behind the address of a provider
DOCUMENTATION = [
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
PRIVATE = [
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
]
COMPATIBLE = ipaddress.ip_network("::/96")  # IPv4 written as IPv6, the old way


@dataclass(frozen=True)
class Address:
    """One place to connect to."""

    family: int
    place: tuple  # as sockets take it

    @property
    def ip(self) -> str:
        return self.place[0].partition("%")[0]


def resolve(host: str, port: int, delivery: Delivery) -> list[Address]:
    """Return the addresses of the host that may be reached. Raise ExportError for none."""
    found = look_up(host, port, delivery)
    allowed = [address for address in found if may_reach(address.ip, delivery.networks)]
    if not allowed:
        raise PermanentError(
            f"The console may not connect to {named(host, found[0].ip)}.",
            remedy=f"{place_of(found[0].ip)} An administrator can allow {opening(found[0].ip)} in "
            "the setting CONSOLE_EGRESS_NETWORKS.",
        )
    return allowed


def named(host, address):
    return host if host == address else f"{host} ({address})"


def place_of(address: str) -> str:
    """Say in a sentence what kind of address it is that is not reached."""
    ip = embedded(ipaddress.ip_address(address))
    kinds = (
        (OWN, "It is this machine."),
        (GUARDED, "It is an address that clouds and neighbouring machines use for themselves."),
        (DOCUMENTATION, "It is reserved for examples: no server on the internet has it."),
        ([*PRIVATE, SHARED], "It is in a private network."),
    )
    if is_here(ip):
        return "It is this machine."
    told = (sentence for networks, sentence in kinds if any(ip in one for one in networks))
    return next(told, "It is not an address of a server on the internet.")


def opening(address: str) -> str:
    """Say what has to be listed for an address to be reached."""
    guard = guard_of(embedded(ipaddress.ip_address(address)))
    return "its network" if guard is None or guard in GUARDED else str(guard)


def may_reach(address: str, networks: tuple[str, ...]) -> bool:
    """Return whether the address is public, or in one of the networks."""
    ip = embedded(ipaddress.ip_address(address))
    listed = [ipaddress.ip_network(network) for network in networks]
    if guard := guard_of(ip):
        return any(inside(network, guard) and ip in network for network in listed)
    if any(ip in network for network in listed):
        return True
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def guard_of(ip):
    """Return the network that is opened only from inside, or None."""
    guarded = next((network for network in GUARDED if ip in network), None)
    return ipaddress.ip_network(ip) if guarded is None and is_here(ip) else guarded


def is_here(ip):
    # Anybody can bind what is of many machines.
    return not (ip.is_multicast or ip.is_reserved) and outward.is_here(str(ip))


def inside(network, other):
    return network.version == other.version and network.subnet_of(other)


def embedded(ip):
    """Return the IPv4 address that is reached by way of an IPv6 one, or the address itself."""
    if ip.version == 4 or ip.is_loopback or ip.is_unspecified:
        return ip
    if ip in TRANSLATED or ip in COMPATIBLE:
        return ipaddress.ip_address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


def look_up(host, port, delivery):
    """Return all addresses of the host, in the system's order."""
    answer = []

    def ask():
        try:
            answer.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.append(error)

    delivery.check()
    # In a thread of its own: a lookup cannot be interrupted, and a stopped job must not wait.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    while asking.is_alive():
        delivery.check()
        asking.join(LOOK)
    [result] = answer
    if isinstance(result, Exception):
        raise unresolved(host, result) from result
    return [Address(family, place) for family, *_, place in result]


def unresolved(host, error):
    known_not = isinstance(error, socket.gaierror) and error.errno in NO_SUCH_NAME
    if known_not or isinstance(error, UnicodeError):
        return PermanentError(
            f"There is no host named {host}.", remedy="Check the spelling of the host."
        )
    return TransientError(
        f"The name {host} cannot be looked up at the moment.",
        remedy="Check the DNS servers of this machine.",
    )
