"""The cache in a real Redis server, and what goes on while that is away."""

import subprocess

import pytest
import redis
from django.core.cache import cache

from console import environment, lockout
from tests.installation import Installation
from tests.servers import free_port, wait_until

pytestmark = pytest.mark.needs("redis-server")


class Server:
    def __init__(self, folder):
        self.port = free_port()
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--requirepass", self.password, "--dir", str(folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.client = redis.Redis.from_url(self.url)
        wait_until(self.answers)

    password = "hush-hush-1"

    def answers(self):
        try:
            return self.client.ping()
        except redis.exceptions.ConnectionError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.stop()
    server.client.close()


@pytest.fixture
def cached(server, settings, monkeypatch):
    """This process uses the server for its cache."""
    monkeypatch.setenv("CONSOLE_REDIS_URL", server.url)
    settings.CACHES = {"default": environment.redis("CONSOLE_REDIS_URL")}
    yield server
    cache.close()


def test_wrong_log_ins_are_counted_in_redis(cached):
    tries = [lockout.begin("mia", "192.0.2.1") for _ in range(6)]

    assert tries == [True] * 5 + [False]
    keys = cached.client.keys("*")
    assert len(keys) == 2 and all(0 < cached.client.ttl(key) <= 600 for key in keys)


@pytest.mark.django_db
def test_while_redis_is_away_that_is_told(cached, client, marketer):
    client.force_login(marketer)
    cached.stop()

    health = client.get("/health/")
    assert health.status_code == 503 and health.json()["cluster"] is False
    assert client.get("/").status_code == 200
    client.logout()
    given = {"username": "mia", "password": "pass-word-1"}
    page = client.post("/login/", given).content.decode()
    assert "the server&#x27;s Redis does not answer" in page


def test_a_cluster_reports_by_redis_alone(server, tmp_path):
    console = Installation(tmp_path / "home", CONSOLE_REDIS_URL=server.url)
    console.make_database()
    alive = "from console.jobs import cluster_alive; print(cluster_alive())"
    assert console.shell(alive) == "False"
    try:
        console.start("cluster")
        wait_until(lambda: server.client.keys("*"), 60)
        wait_until(lambda: console.shell(alive) == "True", 60)
        assert not (console.folder / "cache").exists()
    finally:
        console.close()


def test_another_kind_of_address_is_refused_without_showing_it(monkeypatch):
    monkeypatch.setenv("CONSOLE_REDIS_URL", "http://:secret@host")

    with pytest.raises(environment.BadSetting) as told:
        environment.redis("CONSOLE_REDIS_URL")

    assert "CONSOLE_REDIS_URL is no address like redis://" in str(told.value)
    assert "secret" not in str(told.value)
