"""The connection test of SFTP_V2, step by step."""

import pytest

from integrations.connectors.sftp_v2 import SFTPv2
from tests.integrations.exports import connector, names
from tests.servers import local_delivery

STEPS = ["resolve", "connect", "host key", "log in", "directory", "write", "rename", "delete"]


def walked(exporter, delivery=None):
    steps = list(exporter.test(delivery or local_delivery()))
    assert [step.name for step in steps] == STEPS
    return {step.name: step for step in steps}


def login_only(server, **changes):
    """Return the connector as it is while its authentication is made: without an export."""
    form = SFTPv2.Authentication.from_json(server.settings | changes)
    assert not form.errors
    return SFTPv2(form.cleaned_data)


def failed_at(steps, name):
    """Return the failed step, after which nothing was tried."""
    position = STEPS.index(name)
    assert [steps[each].outcome for each in STEPS[:position]] == ["passed"] * position
    assert [steps[each].outcome for each in STEPS[position:]] == [
        "failed",
        *["skipped"] * (len(STEPS) - position - 1),
    ]
    assert steps[name].remedy
    return steps[name]


@pytest.mark.needs("sshd")
def test_all_steps_pass_and_leave_nothing(sshd):
    steps = walked(login_only(sshd))

    assert {step.outcome for step in steps.values()} == {"passed"}
    assert steps["resolve"].detail == "127.0.0.1"
    assert sshd.fingerprint() in steps["host key"].detail
    assert "met for the first time" in steps["host key"].detail
    assert "ssh-ed25519 key" in steps["log in"].detail
    assert steps["directory"].detail == str(sshd.root)
    assert names(sshd) == []


@pytest.mark.needs("sshd")
def test_the_folder_of_the_export_is_tried(sshd):
    (sshd.root / "upload").mkdir()

    there = walked(connector(sshd, "upload/a.csv"))
    missing = walked(connector(sshd, "upload/new/deep/a.csv"))

    assert there["directory"].detail == f"{sshd.root}/upload"
    assert "the export creates" in missing["directory"].detail
    assert missing["delete"].outcome == "passed"
    assert names(sshd) == ["upload"]
    assert list((sshd.root / "upload").iterdir()) == []


def test_a_server_that_is_not_there(sandbox, faulty):
    proxy = faulty(sandbox)
    proxy.close()

    step = failed_at(walked(login_only(sandbox, port=proxy.port)), "connect")

    assert "refused the connection" in step.detail


def test_a_host_that_may_not_be_reached(sandbox):
    delivery = local_delivery()
    delivery.networks = ()

    step = failed_at(walked(login_only(sandbox), delivery), "resolve")

    assert "CONSOLE_EGRESS_NETWORKS" in step.remedy


def test_a_changed_host_key(sandbox):
    delivery = local_delivery()
    key = sandbox.user_key
    delivery.known_hosts.pin("127.0.0.1", sandbox.port, f"{key.get_name()} {key.get_base64()}")

    step = failed_at(walked(login_only(sandbox), delivery), "host key")

    assert "has changed" in step.detail


def test_a_wrong_password(sandbox):
    step = failed_at(walked(login_only(sandbox, password="no")), "log in")

    assert "refused the user or the credentials" in step.detail


def test_a_damaged_key(sandbox):
    exporter = login_only(sandbox)
    exporter.authentication["secret_key_file"] = "-----BEGIN"

    step = failed_at(walked(exporter), "log in")

    assert "cut off" in step.detail


def test_a_directory_that_may_not_be_written(sandbox):
    (sandbox.root / "link").symlink_to("/")
    exporter = connector(sandbox, "link/a.csv")

    step = failed_at(walked(exporter), "write")

    assert "permission denied" in step.detail


def test_a_server_that_is_full(sandbox):
    sandbox.switches.quota = 10

    step = failed_at(walked(login_only(sandbox)), "write")

    assert "failed without giving a reason" in step.detail
    assert names(sandbox) == []


def test_a_connection_lost_on_the_way(sandbox):
    sandbox.switches.lost_renames = 1

    step = failed_at(walked(login_only(sandbox)), "rename")

    assert "the connection was lost" in step.detail


def test_a_drop_box_passes(sandbox):
    sandbox.switches.look = False

    steps = walked(login_only(sandbox))

    assert {step.outcome for step in steps.values()} == {"passed"}
