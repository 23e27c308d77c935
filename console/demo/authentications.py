"""The authentications of the demo: for each server of the sandbox, and each vendor in it."""

from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import Group, User

from console.access import MARKETER
from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from integrations.sandbox import CLEVERTAP, HOST, ROKT, SAVED_KEYS, saved_keys
from integrations.transports.key_pairs import new_private_key, public_line


class Vendor(NamedTuple):
    name: str
    type: str
    username: str


VENDORS = (
    Vendor("Demo Rokt", "rokt", ROKT),
    Vendor("Demo CleverTap import", "clevertap_sftp", CLEVERTAP),
)


def for_servers(owner: User, sandbox) -> dict[str, Authentication]:
    """Return the authentications for the servers, with the addresses that they have this time."""
    return {name: kept(owner, name, *login) for name, login in sandbox.logins().items()}


def for_vendors(owner: User, sandbox) -> list[Authentication]:
    """Return the authentications for the vendors. Each has a key that the sandbox knows."""
    return [for_vendor(owner, sandbox, vendor) for vendor in VENDORS]


def for_vendor(owner, sandbox, vendor):
    found = named(vendor.name)
    key = found.settings["secret_key_file"] if found else new_private_key("ed25519")
    save_key(public_line(key))
    login = {"host": HOST, "port": sandbox.port, "username": vendor.username}
    return kept(owner, vendor.name, vendor.type, login | {"secret_key_file": key})


def save_key(line: str) -> None:
    """Let the vendors of the sandbox know a public key."""
    saved_keys.save(sandbox_keys() / SAVED_KEYS, line)


def sandbox_keys():
    """Return the folder of the keys of the sandbox, and of what it is told."""
    return settings.HOME / "keys/sandbox"


def named(name):
    return Authentication.objects.filter(name=name, inline=False).first()


def kept(owner, name, type, login):
    """Return the authentication of that name, made or changed to log in so."""
    found = named(name)
    made = found or Authentication(name=name, type=type, owner=owner)
    given = complete(CONNECTORS[type].Authentication.from_json(login))
    if given != made.settings:
        made.replace_settings(given)
        made.save()
    if not found:
        made.shared_groups.add(Group.objects.get(name=MARKETER))
    return made


def complete(form):
    """Return the settings with their defaults. The demo's own settings are right."""
    if not form.is_valid():
        raise ValueError(form.errors.as_text())
    return form.cleaned_data
