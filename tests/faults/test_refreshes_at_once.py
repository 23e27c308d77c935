"""Refreshes, edits and runs of an activation at the same time, each in a process of its own."""

from multiprocessing import get_context

import pytest

from activations.models import Segment
from activations.segments import saving
from console import jobs
from console.models import Job
from tests.activations.activated import activate
from tests.activations.mixing import EVEN, MAPPING, ROUNDS, edit, refresh, run, source
from tests.faults.processes import environment

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 120


def together(home, works, *given):
    """Let each function work in a process until the first has ended; return what they say."""
    context = get_context("spawn")
    ended, told = context.Event(), context.Queue()
    processes = [
        context.Process(target=work, args=(environment(home), ended, told, *given))
        for work in works
    ]
    for process in processes:
        process.start()
    found = dict(told.get(timeout=PATIENCE) for _ in processes)
    for process in processes:
        process.join(PATIENCE)
    return found


def test_a_run_during_refreshes_and_edits_has_one_version_of_the_data_and_of_the_rules(
    shared_home,
    crm,
    parent,
    marketer,
):
    source(crm, 0)
    jobs.run(jobs.submit_query(parent.query).pk)
    segment = Segment(parent_segment=parent, name="Even", rules=EVEN, owner=marketer)
    saving.save(segment, by=marketer)
    activation = activate(segment, marketer, MAPPING)

    found = together(shared_home, [refresh, edit, run], parent.pk, segment.pk, activation.pk)

    assert not [each for each in found.values() if isinstance(each, str)], found
    assert found["refresh"] == ROUNDS and found["edit"] > 1
    seen = found["run"]
    for rows in seen:
        # The name in each row is that of the rules that chose it; all rows are of one refresh.
        assert len({(row["told"], row["version"]) for row in rows}) == 1, rows
        assert {row["age"] % 2 for row in rows} == {int(rows[0]["told"] == "Odd")}
        assert all(row["bought"] in (None, row["version"]) for row in rows)
        assert len(rows) == 2
    assert {rows[0]["version"] for rows in seen} >= {0, ROUNDS}
    assert not Job.objects.exclude(status=Job.Status.SUCCESS).exists()
