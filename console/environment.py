"""Read settings from the environment; a malformed value stops the start with a sentence."""

import difflib
import ipaddress
import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from integrations.signatures import is_secret

PREFIX = "CONSOLE_"
CONNECT_SECONDS = 10  # to the database
CACHE_SECONDS = 2  # for an answer of Redis
TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off", ""}
OF_TESTS = "CONSOLE_TESTS_"  # names that only the tests read
# Every name that was asked for, and the one that the td command reads at each call.
# What else starts with the prefix is a mistake.
known = {"CONSOLE_USER"}


class BadSetting(SystemExit):
    """A setting in the environment cannot be used."""


def read(name, default):
    known.add(name)
    return os.environ.get(name, default)


def text(name, default=""):
    """Return NAME, or the content of the file that NAME_FILE points to."""
    if path := read(f"{name}_FILE", ""):
        try:
            return Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise BadSetting(f"{name}_FILE: {path} cannot be read ({reason}).") from None
    return read(name, default)


def folder(name, default):
    """Return a folder that may be written to; make it where there is none."""
    path = Path(read(name, "") or default).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        reason = "" if os.access(path, os.W_OK | os.X_OK) else "no permission to write"
    except OSError as error:
        reason = error.strerror
    if reason:
        raise BadSetting(
            f"{path} cannot hold the console's data ({reason}). "
            f"Choose another folder with {name} (or --home DIR of quickstart)."
        )
    return path


def flag(name, *, default=False):
    value = read(name, str(default)).lower()
    if value not in TRUE | FALSE:
        raise BadSetting(f"{name} is '{value}'. Use True or False.")
    return value in TRUE


def number(name, default, *, least=0):
    value = read(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise BadSetting(f"{name} is '{value}'. Use a whole number of at least {least}.")
    return int(value)


def web_processes():
    """Return in how many processes pages are made."""
    return number("CONSOLE_WEB_PROCESSES", min(2, os.cpu_count() or 1), least=1)


def words(name, default=""):
    """Return a comma-separated list without blanks."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name, default, among):
    value = read(name, default)
    if value not in among:
        raise BadSetting(f"{name} is '{value}'. Use one of {', '.join(among)}.")
    return value


def networks(name, default=""):
    """Return a comma-separated list of networks in CIDR notation."""
    for word in words(name, default):
        try:
            ipaddress.ip_network(word)
        except ValueError as error:
            raise BadSetting(f"{name}: {error}. Use networks like 10.0.0.0/8.") from None
    return words(name, default)


def addresses(name, default=""):
    """Return a comma-separated list of IP addresses and networks."""
    for word in words(name, default):
        try:
            ipaddress.ip_network(word)
        except ValueError as error:
            raise BadSetting(
                f"{name}: {error}. Use addresses like 203.0.113.7 or networks like 203.0.113.0/29."
            ) from None
    return words(name, default)


def origins(name, default=""):
    """Return a comma-separated list of a scheme and a host each, without a path."""
    for word in words(name, default):
        if not is_origin(word):
            raise BadSetting(f"{name}: '{word}' is no address like https://console.example.com.")
    return words(name, default)


def is_origin(text):
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.path.strip("/")


def origin(name, default):
    """Return one address without the slash at its end."""
    value = read(name, default)
    if not is_origin(value):
        raise BadSetting(f"{name} is '{value}'. Use an address like https://console.example.com.")
    return value.rstrip("/")


def address(name):
    """Return the address of something on a web server, or nothing. It can hold a secret."""
    value = text(name)
    parts = urlsplit(value)
    if value and not (parts.scheme in ("http", "https") and parts.hostname and value.isascii()):
        raise BadSetting(f"{name} is no address like https://hooks.example.com/console.")
    return value


def cluster(name, password_name):
    """Return the address of a cluster, or nothing, and the password that goes there by HTTPS."""
    url, password = text(name).rstrip("/"), text(password_name)
    if url and not is_server(url):
        # Not the value itself: it can hold a password.
        raise BadSetting(f"{name} is no address like https://trino.example.com:8443.")
    if password and url.startswith("http:") and not is_loopback(urlsplit(url).hostname):
        raise BadSetting(
            f"{password_name} is not sent without encryption: {name} has to begin with https://."
        )
    return url, password


def name_on(name, url, password):
    """Return the name that the console has on a cluster. Headers hold nothing else."""
    user = text(name, "console")
    if url and not (user.isascii() and user.isprintable() and user.strip()):
        raise BadSetting(f"{name} has to be a name of ASCII letters without ends of lines.")
    if password and ":" in user:
        raise BadSetting(f"{name} cannot have a colon where there is a password.")
    return user


def is_server(url):
    """Return whether it is a scheme and a host, perhaps with a port, and nothing else."""
    try:
        parts = urlsplit(url)
        complete = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return (
        bool(complete)
        and url.isascii()
        and url == f"{parts.scheme}://{parts.netloc}"
        and ("@" not in parts.netloc)
    )


def is_loopback(host):
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def signing_secret(name):
    """Return what messages are signed with, or nothing."""
    value = text(name)
    if value and not is_secret(value):
        raise BadSetting(f"{name} is no secret: whsec_ and at least 24 bytes in Base64 after it.")
    return value


def database(name):
    """Return how Django reaches the PostgreSQL server of an address, or None without one."""
    value = text(name)
    if not value:
        return None
    try:
        parts = urlsplit(value)
        complete = parts.scheme in ("postgresql", "postgres") and parts.path.strip("/")
        port = parts.port or ""
    except ValueError:
        complete = False
    if not complete:
        # Not the value itself: it can hold a password.
        raise BadSetting(f"{name} is no address like postgresql://user:password@host:5432/console.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": port,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": CONNECT_SECONDS, "application_name": "console"}
        | dict(parse_qsl(parts.query)),  # sslmode, for one
    }


def redis(name):
    """Return the cache in the Redis server of an address, or None without one."""
    value = text(name)
    if not value:
        return None
    if urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        # Not the value itself: it can hold a password.
        raise BadSetting(f"{name} is no address like redis://host:6379/0.")
    waits = {"socket_connect_timeout": CACHE_SECONDS, "socket_timeout": CACHE_SECONDS}
    return {
        "BACKEND": "console.cache.Redis",
        "LOCATION": value,
        "KEY_PREFIX": "console",
        "OPTIONS": waits,
    }


def refuse_unknown():
    """Stop the start where a name with our prefix was never asked for: it is misspelt."""
    for name in sorted(os.environ):
        ours = name.startswith(PREFIX) and not name.startswith(OF_TESTS)
        if ours and name not in known:
            names = [name.removeprefix(PREFIX) for name in known]
            near = difflib.get_close_matches(name.removeprefix(PREFIX), names, n=1)
            hint = "docs/settings.md lists all there are."
            hint = f"Did you mean {PREFIX}{near[0]}?" if near else hint
            raise BadSetting(f"{name} is not a setting of the console. {hint}")
