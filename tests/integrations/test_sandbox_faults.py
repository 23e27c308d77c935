"""Faults that the sandbox is told to have while it runs."""

import time

import pytest

from integrations.errors import ExportError
from integrations.sandbox import faults
from integrations.sandbox.clevertap.switches import Switches as CleverTapSwitches
from integrations.sandbox.s3.switches import S3Switches
from integrations.sandbox.switches import Switches
from tests.integrations.clevertap import connector as to_clevertap
from tests.integrations.exports import connector, content, names
from tests.servers import local_delivery, wait_until

SWITCHES = {"sftp": Switches, "clevertap": CleverTapSwitches, "s3": S3Switches}
ALL = [(kind, name) for kind, known in faults.KINDS.items() for name in known.faults]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(faults, "LOOK", 0.01)
    return tmp_path / "keys" / faults.FILE_NAME


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_each_fault_sets_switches_that_there_are_and_the_next_one_takes_them_back(kind, name, file):
    switches, usual = SWITCHES[kind](), SWITCHES[kind]()
    wanted = faults.KINDS[kind].faults[name].switches

    with faults.rehearsed(file, kind, switches):
        faults.choose(file, {kind: name})
        wait_until(lambda: all(getattr(switches, each) == wanted[each] for each in wanted))
        faults.choose(file, {})
        wait_until(lambda: all(getattr(switches, each) == getattr(usual, each) for each in wanted))


def test_choosing_the_same_again_counts_anew(file):
    switches = CleverTapSwitches()

    with faults.rehearsed(file, "clevertap", switches):
        for _ in range(2):
            faults.choose(file, {"clevertap": "partial"})
            wait_until(lambda: switches.faults == ["partial"])
            switches.faults.clear()


@pytest.mark.parametrize("said", ["", "[]", '{"sftp": 1}', '{"sftp": "none such"}'])
def test_what_is_no_choice_is_none(said, file):
    file.parent.mkdir()
    file.write_text(said)

    assert faults.chosen(file) == dict.fromkeys(faults.KINDS, "")


@pytest.mark.usefixtures("impatient")
def test_an_export_meets_the_fault_and_leaves_nothing_half_behind(sandbox, many, file):
    with faults.rehearsed(file, "sftp", sandbox.switches):
        faults.choose(file, {"sftp": "full"})
        wait_until(lambda: sandbox.switches.quota)
        with pytest.raises(ExportError):
            connector(sandbox).export(many, local_delivery())
        assert names(sandbox) == []
        faults.choose(file, {})
        wait_until(lambda: not sandbox.switches.quota)
        connector(sandbox).export(many, local_delivery())

    assert (sandbox.root / "out.csv").read_bytes() == content(many)


def test_clevertap_refuses_a_record_as_it_was_told(account, result, file):
    faults.choose(file, {"clevertap": "partial"})

    with faults.rehearsed(file, "clevertap", account.switches):
        wait_until(lambda: account.switches.faults)
        rows = result(identity=["a", "b"])
        receipt = to_clevertap(account, skip_invalid=True).deliver(rows, local_delivery())

    assert (receipt.rows, receipt.rejected) == (1, 1)


def test_the_servers_stop_at_once(file):
    began = time.monotonic()
    for kind, switches in SWITCHES.items():
        with faults.rehearsed(file, kind, switches()):
            pass
    assert time.monotonic() - began < 2
