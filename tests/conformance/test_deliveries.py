"""Every destination keeps these promises, on a server that behaves like the real one."""

from pkgutil import resolve_name

import pytest

from console import jobs
from console.jobs import delivering, lease
from integrations.connectors import CONNECTORS
from tests.conformance.conftest import SCENES
from tests.conformance.scenes import ALL_ARE_WRONG, ONE_IS_WRONG, everyone, told
from tests.faults.deliveries import run_after_the_lease
from tests.servers import wait_until

pytestmark = [
    pytest.mark.needs("sshd", "ssh-keygen"),
    pytest.mark.django_db(transaction=True),
]


def scenes(wanted=lambda each: True):
    """Return a mark that runs a test on the destinations that are wanted."""
    return pytest.mark.parametrize(
        "scene", [name for name, each in SCENES.items() if wanted(each)], indirect=True
    )


def has_contract(scene):
    return bool(CONNECTORS[scene.connector].contract)


def goes_out(scene):
    return CONNECTORS[scene.connector].goes_out


def test_every_connector_has_a_destination_here():
    assert {each.connector for each in SCENES.values()} == CONNECTORS.keys()


@scenes()
def test_all_rows_arrive_once_and_the_receipt_says_so(scene, client):
    job = scene.run()

    assert (job.status, job.error) == ("success", "")
    assert scene.arrived() == everyone()
    assert scene.left() == []
    assert (job.receipt["rows"], job.rejected) == (3_000, 0)
    said = told(job, client)
    assert not any(secret in said for secret in scene.secrets())


@scenes()
def test_its_connection_test_passes(scene):
    assert [step for step in scene.test() if step.outcome == "failed"] == []


@scenes(goes_out)
def test_its_connection_test_says_what_is_wrong_and_what_to_do(scene):
    scene.refuse()

    steps = scene.test()

    [failed] = [step for step in steps if step.outcome == "failed"]
    assert failed.detail and failed.remedy
    assert {step.outcome for step in steps[steps.index(failed) + 1 :]} <= {"skipped"}
    assert not any(secret in repr(steps) for secret in scene.secrets())


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)
def test_what_lacks_in_its_forms_is_named(connector):
    for form_class in (connector.Authentication, connector.Export):
        needed = set(form_class.json_schema(defaults=connector.json_defaults)["required"])
        form = form_class.from_json({})

        assert needed <= set(form.errors)
        assert all(str(said) for errors in form.errors.values() for said in errors)


@scenes(has_contract)
def test_columns_that_it_does_not_take_end_the_run_before_anything_is_sent(scene):
    job = scene.run(sql="SELECT 1 AS nonsense, 2 AS rubbish")

    assert job.status == "error" and job.failure == "lasting"
    assert job.error and job.remedy
    assert not scene.arrived() and scene.left() == []


EMPTY = [
    pytest.param(name, wanted, id=f"{name}: {wanted}")
    for name, scene in SCENES.items()
    for wanted in dict(CONNECTORS[scene.connector].Export.base_fields["empty_result"].choices)
]


@pytest.mark.parametrize(("scene", "wanted"), EMPTY, indirect=["scene"])
def test_a_result_without_rows_does_what_its_export_says(scene, wanted):
    job = scene.run(rows=0, empty_result=wanted)

    assert job.status == ("error" if wanted == "fail" else "success"), job.error
    assert not scene.arrived() and scene.left() == []
    if wanted == "fail":
        assert "no rows" in job.error and job.remedy
    else:
        assert job.receipt["rows"] == 0 and bool(job.receipt["skipped"]) == (wanted == "skip")


@scenes(has_contract)
def test_rows_that_break_a_rule_are_left_out_and_listed(scene):
    job = scene.run(ONE_IS_WRONG, skip_invalid=True)

    assert job.status == "success", job.error
    assert scene.arrived() == everyone(but=[2])
    assert (job.receipt["rows"], job.rejected) == (2_999, 1)


@scenes(has_contract)
def test_one_row_that_breaks_a_rule_ends_a_run_that_does_not_skip_before_anything_is_sent(scene):
    job = scene.run(ONE_IS_WRONG, skip_invalid=False)

    assert job.status == "error" and job.remedy
    assert not scene.arrived() and scene.left() == []


@scenes(has_contract)
def test_a_run_whose_rows_are_all_rejected_is_no_success(scene):
    job = scene.run(ALL_ARE_WRONG, skip_invalid=True)

    assert job.status == "error" and job.rejected == 3_000
    assert not scene.arrived() and scene.left() == []


@scenes()
def test_a_test_with_five_rows_touches_nothing_that_is_there(scene):
    scene.run(rows=20)
    before, few = scene.arrived(), scene.kind({}, scene.settings()).few_rows()

    job = scene.run(test=True)

    assert job.status == ("success" if few.offered else "error"), job.error
    assert few.offered or few.told in job.error
    assert few.offered == bool(job.receipt and job.receipt["rows"] == 5)
    assert scene.arrived() == before + everyone(5 * (few.offered and scene.takes_tests))
    assert all("test-" in str(each) for each in scene.left())


@scenes(goes_out)
def test_a_fault_that_passes_is_made_good_in_the_same_run(scene):
    scene.trouble()

    job = scene.run()

    assert (job.status, job.attempt) == ("success", 1), job.error
    assert any(scene.tried_again in line.text for line in job.lines.all())
    assert scene.arrived() == everyone()
    assert scene.left() == []


@scenes()
def test_a_fault_that_stays_is_told_in_a_sentence_and_not_tried_again(scene, client):
    scene.refuse()

    job = scene.run(attempts=3)

    assert (job.status, job.attempt, job.failure) == ("error", 1, "lasting")
    assert job.error.endswith(".") and job.remedy
    assert not scene.arrived() and scene.left() == []
    said = told(job, client)
    assert not any(secret in said for secret in scene.secrets())


DEATHS = [
    pytest.param(name, step, id=f"{name}: {step.rpartition('.')[2]}")
    for name, scene in SCENES.items()
    for step in (*scene.steps, "console.jobs.running.succeed")
]


@pytest.mark.parametrize(("scene", "step"), DEATHS, indirect=["scene"])
def test_a_worker_that_is_killed_on_the_way_loses_and_doubles_nothing(scene, step, start):
    job = scene.submit()
    worker = start(job, step)
    worker.wait_at_step()
    worker.kill()

    job = run_after_the_lease(job)

    assert (job.status, job.attempt) == ("success", 2), job.error
    found = scene.arrived()
    assert found.keys() == everyone().keys()
    assert found == everyone() or scene.repeats
    assert job.receipt["rows"] + job.rejected == 3_000
    assert job.rejected in (0, scene.unsure)
    assert scene.left() == []


@pytest.fixture
def kill_at(monkeypatch):
    """A function that has the owner kill a job as it comes to a step, and its worker see that."""
    monkeypatch.setattr(lease, "LOOKED_EVERY", 0.02)
    held = []

    def keep_lease(exporter, rows, job, lease):
        held.append(lease)
        return exported(exporter, rows, job, lease)

    def kill_at(step, job):
        usual = resolve_name(step)

        def late(*arguments, **named):
            if len(held) == 1:
                jobs.kill(job, job.owner)
                wait_until(held[0].stopped)
            return usual(*arguments, **named)

        monkeypatch.setattr(step, late)

    exported = delivering.exported
    monkeypatch.setattr(delivering, "exported", keep_lease)
    return kill_at


@scenes()
def test_a_run_that_a_person_ends_leaves_nothing_behind_and_can_be_done_again(scene, kill_at):
    job = scene.submit()
    kill_at(scene.steps[0], job)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.status == "killed"
    assert not scene.arrived() and scene.left() == []
    again = jobs.retry(job, scene.owner)
    jobs.run(again.pk)
    again.refresh_from_db()
    assert again.status == "success", again.error
    assert scene.arrived() == everyone()
