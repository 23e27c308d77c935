"""The cast: who is who in the tests."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from console.jobs.lease import Lease
from tests import contents
from tests.console.deliveries import send  # noqa: F401  a fixture
from tests.endpoint import certificate, endpoint  # noqa: F401  fixtures
from tests.mailbox import log_ins, mailbox, send_test  # noqa: F401  fixtures
from tests.objects import moto, moto_server, s3, store  # noqa: F401  fixtures
from tests.servers import faulty, sandbox, sshd  # noqa: F401  fixtures
from tests.trino_server import trino_server  # noqa: F401  a fixture
from tests.workbench import people, run_query, sftp, shop  # noqa: F401  fixtures

LONGEST = ("test_postgresql.py", "test_drill.py")


def pytest_collection_modifyitems(items):
    """Begin with what takes longest: at the end all others would wait for it."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The database is as its migrations made it before each test, whichever came before."""
    with django_db_blocker.unblock():
        contents.keep()


@pytest.fixture(scope="session", autouse=True)
def _leases():
    """Let no thread look after a lease within a test's transaction.

    It sees nothing of the job there; on SQLite it waits until it may write, and the job for it.
    """
    usual = Lease.__enter__

    def enter(lease):
        if connection.in_atomic_block:
            lease.over.set()
        return usual(lease)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lease, "__enter__", enter)
        yield


def person(name, *groups, **fields):
    user = User.objects.create_user(name, f"{name}@example.com", "pass-word-1", **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


@pytest.fixture
def marketer(db):
    """Mia clicks through forms."""
    return person("mia", "marketer")


@pytest.fixture
def colleague(db):
    """Otto is a marketer too. What is Mia's and not shared, he must not see."""
    return person("otto", "marketer")


@pytest.fixture
def keeper(db):
    """Ada keeps the credentials."""
    return person("ada", "admin", is_staff=True)


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    """Every test has a home of its own for tables, results and uploads."""
    settings.HOME = tmp_path
    # The real one is slow on purpose: half of the time of the suite.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True  # Else each test client reads all static files.
    settings.DISK_FREE_MB = 0  # Tests do not depend on the room that there is.
    kept = ("tables", "results", "delivered", "deliveries")
    for name in (*kept, "uploads", "spill"):
        folder = tmp_path / name
        folder.mkdir()
        setattr(settings, f"{name.upper()}_DIR", folder)
    return tmp_path
