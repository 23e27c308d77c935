import socket

import pytest

from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError, Stopped, TransientError
from integrations.transports import outward
from integrations.transports.egress import may_reach, resolve

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
OWN = (
    *("127.0.0.1", "localhost", "127.1", "0", "0.0.0.0", "2130706433", "0x7f000001"),
    *("0177.0.0.1", "017700000001", "::1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1"),
    *("::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    *("①②⑦.⓪.⓪.①", "127。0。0。1"),
)
METADATA = (
    *("169.254.169.254", "2852039166", "0:0:0:0:0:ffff:a9fe:a9fe", "100.100.100.200"),
    *("fe80::1", "fec0::1", "fd00:ec2::254", "168.63.129.16", "192.0.0.192"),
)
INSIDE = ("10.0.0.5", "172.16.3.4", "192.168.1.1", "fc00::1")
NOWHERE = ("100.64.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "ff02::1", "240.0.0.1")


HERE = ("10.0.0.77", "2600:1f18::77")
is_here = outward.is_here


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Let no test depend on the addresses of the machine that it runs on."""
    monkeypatch.setattr(outward, "is_here", HERE.__contains__)


def refused(host, *networks):
    with pytest.raises(PermanentError) as caught:
        resolve(host, 22, Delivery(networks=networks))
    return str(caught.value)


@pytest.mark.parametrize("host", [*OWN, *METADATA, *INSIDE, *NOWHERE])
def test_nothing_but_the_public_internet_is_reached_unasked(host):
    assert refused(host).startswith(f"The console may not connect to {host}")


@pytest.mark.parametrize(
    ("host", "named", "kind"),
    [
        ("127.0.0.1", "127.0.0.1.", "It is this machine. "),
        ("127.1", "127.1 (127.0.0.1).", "It is this machine. "),
        ("169.254.169.254", "169.254.169.254.", "It is an address that clouds "),
        ("10.0.0.77", "10.0.0.77.", "It is this machine. An administrator can allow 10.0.0.77/32 "),
        ("192.168.1.1", "192.168.1.1.", "It is in a private network. "),
        ("100.64.1.1", "100.64.1.1.", "It is in a private network. "),
        ("192.0.2.1", "192.0.2.1.", "It is reserved for examples: "),
        ("2001:db8::1", "2001:db8::1.", "It is reserved for examples: "),
        ("240.0.0.1", "240.0.0.1.", "It is not an address of a server on the internet. "),
    ],
)
def test_a_refusal_says_what_is_true_of_the_address(host, named, kind):
    with pytest.raises(PermanentError) as caught:
        resolve(host, 22, Delivery())
    assert str(caught.value) == f"The console may not connect to {named}"
    assert caught.value.remedy.startswith(kind)


@pytest.mark.parametrize("host", [*OWN, *METADATA, *HERE, "::ffff:10.0.0.77"])
@pytest.mark.parametrize("networks", [PRIVATE, ("0.0.0.0/0", "::/0"), ("100.0.0.0/8",)])
def test_a_wide_network_does_not_open_this_machine_or_the_cloud_metadata(host, networks):
    assert refused(host, *networks)


@pytest.mark.parametrize("host", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_reached(host):
    assert [address.ip for address in resolve(host, 22, Delivery())] == [host]


@pytest.mark.parametrize("host", INSIDE)
def test_private_networks_are_reached_once_listed(host):
    assert resolve(host, 22, Delivery(networks=PRIVATE))


def test_this_machine_is_reached_where_its_own_network_is_listed():
    assert may_reach("127.0.0.1", ("127.0.0.0/8",))
    assert may_reach("::1", ("::1/128",))
    assert may_reach("169.254.1.2", ("169.254.1.0/24",))
    assert not may_reach("169.254.169.254", ("169.254.1.0/24",))


@pytest.mark.parametrize(("host", "bits"), [(HERE[0], 32), (HERE[1], 128)])
def test_an_address_of_this_machine_is_reached_where_it_is_listed_alone(host, bits):
    assert not may_reach(host, ())
    assert not may_reach(host, (f"{host}/{bits - 1}".replace("77", "76"),))
    assert may_reach(host, (*PRIVATE, f"{host}/{bits}"))


def test_a_machine_knows_its_addresses_also_where_it_binds_any(monkeypatch):
    assert is_here("127.0.0.1") and not is_here("203.0.113.7") and not is_here("2001:db8::7")

    monkeypatch.setattr(outward, "binds", lambda family, address: True)
    assert is_here("127.0.0.1") and not is_here("203.0.113.7")


def test_an_unknown_name_is_told():
    # Without any DNS server the answer is that it cannot be known.
    with pytest.raises(ExportError, match=r"no host named|cannot be looked up") as caught:
        resolve("no-such-host.invalid", 22, Delivery())

    assert caught.value.remedy.startswith("Check the ")


def test_a_name_too_long_for_dns_is_no_crash():
    with pytest.raises(PermanentError, match="There is no host named"):
        resolve("a" * 64 + ".example.com", 22, Delivery())


def test_a_stopped_delivery_looks_nothing_up():
    with pytest.raises(Stopped):
        resolve("no-such-host.invalid", 22, Delivery(stopped=lambda: True))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), PermanentError),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), TransientError),
        (socket.gaierror(socket.EAI_SYSTEM, "Too many open files"), TransientError),
    ],
    ids=str,
)
def test_only_a_name_that_is_not_there_is_given_up_for_good(monkeypatch, error, kind):
    def ask(*_, **__):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", ask)

    with pytest.raises(kind):
        resolve("sftp.example.com", 22, Delivery())
