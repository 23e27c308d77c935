"""What docs/deploy/ promises: the units of systemd, the container, the proxy."""

import http.client
import os
import re
import shlex
import signal
import ssl
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.x509.oid import NameOID
from django.core.management import get_commands

from console import environment
from tests.faults.processes import alive, descendants
from tests.installation import Installation
from tests.needs import find
from tests.servers import free_port, wait_until

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "docs/deploy"
UNITS = sorted((DEPLOY / "systemd").glob("console-*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
EXPOSURE = 20  # of 100, as `systemd-analyze security` counts; 92 without any of the settings
COMPOSE = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())
BY_PROXY = {"X-Forwarded-Proto": "https", "Host": "console.example.com"}


def name_of(path):
    return path.name


def here(text):
    """Return what a unit says, for this checkout and this Python."""
    text = text.replace("/opt/console/.venv/bin/python", sys.executable)
    return text.replace("/opt/console", str(ROOT))


def said(unit, name):
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.M)


def settings_of(path):
    lines = (line.lstrip("# ") for line in path.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if re.match(r"CONSOLE_[A-Z_]+=", line))


@pytest.mark.needs("systemd-analyze")
def test_systemd_understands_every_unit(tmp_path):
    for unit in UNITS:
        (tmp_path / unit.name).write_text(here(unit.read_text()))

    done = subprocess.run(
        ["systemd-analyze", "verify", *(tmp_path / unit.name for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "console-" in line] == []


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("unit", SERVICES, ids=name_of)
def test_a_service_may_do_little_beside_its_work(unit):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", unit],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=name_of)
def test_a_service_leaves_queries_their_fence(unit):
    allowed = " ".join(said(unit, "SystemCallFilter")).split()

    assert {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(
        allowed
    )
    assert said(unit, "MemoryDenyWriteExecute") == []


def test_a_cluster_has_time_to_stop():
    unit = DEPLOY / "systemd/console-cluster.service"
    [drain] = re.findall(r"--drain (\d+)", unit.read_text())

    assert int(said(unit, "TimeoutStopSec")[0]) > int(drain) + 20
    assert said(unit, "KillMode") == ["mixed"]
    assert COMPOSE["services"]["cluster"]["command"] == ["cluster", "--drain", drain]
    assert COMPOSE["services"]["cluster"]["stop_grace_period"] == "150s"


def test_every_setting_in_the_files_exists():
    written = "\n".join(path.read_text() for path in DEPLOY.rglob("*") if path.is_file())
    named = set(re.findall(r"CONSOLE_[A-Z_]+", written)) - {"CONSOLE_HOST"}

    assert named - environment.known == set()


@pytest.fixture
def console(tmp_path):
    """A console with the settings of the environment file of the units."""
    console = Installation(tmp_path / "home", **settings_in_use())
    console.make_database()
    yield console
    console.close()


def settings_in_use():
    lines = (DEPLOY / "systemd/environment").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line.startswith("CONSOLE_"))


def arguments_of(name):
    """Return what the unit calls manage.py with."""
    [command] = said(DEPLOY / f"systemd/console-{name}.service", "ExecStart")
    python, manage, *arguments = shlex.split(here(command))
    assert (python, manage) == (sys.executable, str(ROOT / "manage.py"))
    return arguments


def start_web(console):
    port = free_port()
    arguments = [each.replace(":8000", f":{port}") for each in arguments_of("web")]
    console.start(*arguments)
    wait_until(lambda: status(port) in (200, 503), 60)
    return port


def status(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with suppress(OSError), closing(connection):
        connection.request("GET", "/health/", headers=BY_PROXY)
        return connection.getresponse().status


def test_all_processes_end_when_systemd_tells_all_of_them_to(console):
    # Told all at once, workers hang until the supervisor ends them: hence KillMode=mixed.
    cluster = console.start_cluster("--drain", "5")
    wait_until(lambda: '"message": "The dispatcher is running."' in console.said("cluster"), 30)
    family = [cluster.pid, *descendants(cluster.pid)]
    assert len(family) > 4

    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)

    assert cluster.wait(60) == 0
    wait_until(lambda: not any(map(alive, family)), 10)


def test_the_backup_of_the_unit_is_made(console, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    arguments = [
        each.replace("/var/lib/console-backups", str(folder)) for each in arguments_of("backup")
    ]

    console.done(*arguments)

    assert len(list(folder.glob("console-*.tar.gz"))) == 1


def test_the_health_checks_of_the_container_tell_how_it_is(console):
    web, cluster = (
        COMPOSE["services"][name]["healthcheck"]["test"][1:] for name in ("web", "cluster")
    )
    hosts = COMPOSE["x-console"]["environment"]["CONSOLE_ALLOWED_HOSTS"]
    hosts = hosts.replace("${CONSOLE_HOST:-console.example.com}", "console.example.com")
    console.environment |= {"CONSOLE_ALLOWED_HOSTS": hosts}
    port = start_web(console)

    def checked(command):
        assert command[:2] == ["python", "-c"]
        code = command[2].replace("8000", str(port)).replace("'web'", "'127.0.0.1'")
        return subprocess.run([sys.executable, "-c", code], check=False).returncode

    assert (checked(web), checked(cluster)) == (0, 1)
    console.start_cluster()
    wait_until(lambda: checked(cluster) == 0, 60)


def test_the_commands_of_the_container_exist():
    commands = [
        service["command"] for service in COMPOSE["services"].values() if "build" in service
    ]

    assert len(commands) == 4
    assert {command[0] for command in commands} <= set(get_commands())


def test_services_have_what_they_refer_to():
    services = COMPOSE["services"]
    named = {
        kind: {
            each.partition(":")[0]
            for service in services.values()
            for each in service.get(kind, ())
        }
        for kind in ("volumes", "secrets", "depends_on")
    }

    assert named["volumes"] == set(COMPOSE["volumes"])
    assert named["secrets"] == set(COMPOSE["secrets"])
    assert named["depends_on"] <= set(services)


def test_the_image_has_all_that_runs():
    text = (DEPLOY / "container/Dockerfile").read_text()
    copied = re.findall(r"^COPY (\S+) ", text, re.M)
    needed = {"manage.py", "requirements.txt", "static", "templates"}
    needed |= {"console", "integrations", "activations"}

    assert set(copied) == needed
    assert all((ROOT / name).exists() for name in copied)
    command = re.search(r"^CMD \[(.*)\]$", text, re.M)[1].replace('"', "").split(", ")
    assert command[0] in get_commands()


def certificate(folder):
    """Make a certificate for the name in the example, and its key."""
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "console.example.com")])
    names = x509.SubjectAlternativeName([x509.DNSName("console.example.com")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, none))


@pytest.fixture
def proxy(console, tmp_path):
    """Nginx as in the example, before the web server of the unit. Return its two ports."""
    plain, secure, web = free_port(), free_port(), start_web(console)
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"\n +listen \[::\].*", "", text)
    for old, new in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443": f"listen 127.0.0.1:{secure}",
        "/etc/ssl/console": str(tmp_path),
        "127.0.0.1:8000": f"127.0.0.1:{web}",
    }.items():
        assert old in text
        text = text.replace(old, new)
    certificate(tmp_path)
    logs = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; daemon off; events {{}}"
    (tmp_path / "nginx.conf").write_text(f"{logs}\nhttp {{ access_log off;\n{text}\n}}\n")
    process = subprocess.Popen([find("nginx"), "-c", tmp_path / "nginx.conf", "-p", tmp_path])
    wait_until((tmp_path / "pid").exists)
    yield plain, secure
    process.terminate()
    process.wait()


@pytest.mark.needs("nginx")
def test_the_proxy_of_the_example_brings_people_in_by_https(proxy, tmp_path):
    plain, secure = proxy
    trust = ssl.create_default_context(cafile=tmp_path / "fullchain.pem")
    trust.check_hostname = False  # The name in the certificate is not that of this machine.

    with closing(http.client.HTTPConnection("127.0.0.1", plain, timeout=20)) as line:
        line.request("GET", "/", headers={"Host": "console.example.com"})
        moved = line.getresponse()
    secured = http.client.HTTPSConnection("127.0.0.1", secure, context=trust, timeout=20)
    with closing(secured) as line:
        line.request("GET", "/login/", headers={"Host": "console.example.com"})
        page = line.getresponse()

    assert (moved.status, moved.headers["Location"]) == (301, "https://console.example.com/")
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"  # of this host alone
    assert "Secure" in page.headers["Set-Cookie"]


def test_the_image_has_all_sources_compiled():
    """Nothing is written there later: each process would compile them for itself."""
    text = (DEPLOY / "container/Dockerfile").read_text()
    copied = re.findall(r"^COPY (\S+) (?:\./|\S+/)$", text, re.M)
    sources = {name for name in copied if name.endswith(".py") or [*(ROOT / name).rglob("*.py")]}

    [compiled] = re.findall(r"compileall -q (.*)$", text, re.M)

    assert "manage.py" in sources
    assert sources == set(compiled.split())


def test_nothing_of_the_code_is_compiled_for_root_alone():
    """Settings set a umask as they are loaded, and compileall leaves what is there as it is."""
    text = (ROOT / "docs/operations.md").read_text()
    before = re.findall(r"^# (.*manage\.py check)\n# .*compileall", text, re.M)

    assert len(before) == 2
    assert all("PYTHONDONTWRITEBYTECODE=1" in command for command in before)
