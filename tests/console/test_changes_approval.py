"""Changes that wait for a person: which, who may release them, and what the pages show."""

import re

import pytest

from console import jobs
from console.jobs.changes.approving import needs_second, why_waits
from console.jobs.changes.wishes import Changes
from console.jobs.holding import NotReleased
from console.models import Delivered, Query

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.django_db]
ROWS = [(at, f"name {at}", 1.0, False) for at in range(1, 11)]


def found(added=0, changed=0, removed=0, before=100, why="", doubt=""):
    counts = {"added": added, "changed": changed, "removed": removed}
    return {"counts": counts, "sent": counts, "before": before, "why": why, "doubt": doubt}


@pytest.mark.parametrize(
    ("wanted", "compared", "says"),
    [
        ({"approve_rows": 5}, found(added=5), ""),
        ({"approve_rows": 5}, found(added=3, removed=3), "6 rows would be sent (3 added"),
        ({"approve_percent": 10}, found(changed=10), ""),
        ({"approve_percent": 10}, found(changed=11), "more than 10% of the 100 delivered rows"),
        ({"approve_percent": 10}, found(added=11, before=0, why="first"), ""),
        ({"approve_first": True}, found(added=1, before=0, why="first"), "It is the first run"),
        ({"approve_first": True}, found(added=1), ""),
    ],
)
def test_a_second_person_is_asked_where_much_would_be_sent(wanted, compared, says):
    told = needs_second(Changes(["id"], **wanted), compared)

    assert told.endswith("A second person has to approve it.") if says else told == ""
    assert says in told


@pytest.mark.parametrize(
    ("compared", "says"),
    [
        (found(removed=50), ""),
        (found(removed=51), "51 of the 100 delivered rows would be removed, more than 50%."),
        (found(removed=1, before=0), ""),
        (found(added=7, why="lost"), "is missing, so all 7 rows would be sent as added"),
        (found(doubt="It was restored."), "It was restored."),
    ],
)
def test_what_may_be_a_mistake_waits_for_somebody(compared, says):
    told = why_waits(Changes(["id"]), compared | {"second": ""})

    assert says in told and bool(says) == bool(told)


def test_an_empty_result_is_held_before_it_removes_everything(receiver, client, marketer):
    receiver.change(hold_removed=50)
    receiver.offer(*ROWS)
    receiver.run()
    receiver.offer()
    held = receiver.run()

    said = "10 of the 10 delivered rows would be removed, more than 50%."
    assert held.held and held.held_because == said
    client.force_login(marketer)
    page = client.get(held.get_absolute_url()).content.decode()
    assert said in page and "name 3" in page and "/release/" in page
    assert jobs.release(held, marketer)
    assert receiver.run(held).status == "success" and receiver.has == {}


def test_a_second_person_has_to_be_another_one(receiver, client, marketer, colleague, keeper):
    receiver.change(approve_rows=3, by=marketer.pk)
    receiver.offer(*ROWS)
    held = receiver.run(by=keeper)
    assert (
        "10 rows would be sent (10 added, 0 changed, 0 removed), more than 3" in held.held_because
    )

    for person in (marketer, keeper):  # who saved it, and who started it
        client.force_login(person)
        assert "/release/" not in client.get(held.get_absolute_url()).content.decode()
        answer = client.post(f"/workbench/jobs/{held.pk}/release/", follow=True)
        assert "approved by a second person" in answer.content.decode()
        with pytest.raises(NotReleased):
            jobs.release(held, person)
    client.force_login(colleague)
    assert client.post(f"/workbench/jobs/{held.pk}/release/").status_code == 404
    held.refresh_from_db()
    assert held.held and not receiver.files()

    colleague.groups.set(keeper.groups.all())
    assert "/release/" in client.get(held.get_absolute_url()).content.decode()
    client.post(f"/workbench/jobs/{held.pk}/release/")
    done = receiver.run(held)
    assert (done.status, done.receipt["released_by"]) == ("success", "otto")


def test_what_was_approved_is_what_is_sent_or_it_is_judged_anew(receiver, keeper, marketer):
    receiver.offer(*ROWS[:1])
    receiver.run()
    receiver.change(approve_rows=3)
    receiver.offer(*ROWS)
    held = receiver.run()
    receiver.change(approve_rows=None)
    receiver.offer(ROWS[0], (99, "later", 1.0, False))
    receiver.run()
    assert jobs.release(held, keeper)

    again = receiver.run(held)

    assert again.held and again.compared["counts"]["removed"] == 1


def test_a_lost_file_or_a_restored_console_waits_for_somebody(receiver, settings):
    receiver.offer(*ROWS)
    receiver.run()
    state = Delivered.objects.get()
    Delivered.objects.update(doubt="The console was restored.")
    receiver.offer(*ROWS[:9])
    doubted = receiver.run()
    assert doubted.held_because == "The console was restored."
    jobs.drop(doubted, receiver.owner)
    (settings.DELIVERED_DIR / state.path).unlink()

    lost = receiver.run()

    assert lost.held and "is missing, so all 9 rows would be sent as added" in lost.held_because


def test_the_page_of_a_job_shows_old_and_new_values(receiver, client, marketer):
    receiver.offer(*ROWS[:2])
    receiver.run()
    receiver.offer(ROWS[0], (2, "<b>new</b>", 1.0, False))
    job = receiver.run()

    client.force_login(marketer)
    page = client.get(job.get_absolute_url()).content.decode()

    assert "name 2</del>" in page and "&lt;b&gt;new&lt;/b&gt;</ins>" in page
    assert "0 added, 1 changed, 0 removed; 1 are the same." in page


def test_the_panel_shows_what_the_next_run_would_send(receiver, client, marketer):
    receiver.offer(*ROWS)
    receiver.run()
    receiver.offer(*ROWS[:9], (11, "new", 1.0, False))
    job = jobs.submit(receiver.query.sql, database="shop", owner=marketer, query=receiver.query)
    jobs.run(job.pk)
    client.force_login(marketer)
    url = f"/workbench/queries/{receiver.query.pk}"
    page = client.get(f"{url}/export/", headers={"HX-Request": "true"}).content.decode()
    assert 'name="changes-mode"' in page and "Send everything next time" in page

    export = {name: value for name, value in receiver.query.export.items() if value is not False}
    given = export | {"authentication": receiver.query.authentication_id, "connector": "sftp_v2"}
    given |= {"changes-mode": "changes", "changes-key": ["id"], "changes-tell": "files"}
    given |= {"changes-added": "on", "changes-removed": "on", "changes-hold_removed": "50"}
    given = {name: value for name, value in given.items() if value is not None}
    told = client.post(f"{url}/export/draft/", given | {"changes-tell": "column"})
    text = re.sub("<[^>]*>", "", told.content.decode())
    assert "id,name,amount,bad,operation" in text and "1,name 1,1.0,false,added" in text
    shown = client.post(f"{url}/changes/next/", given).content.decode()

    assert "The next run would send 2 rows: 1 added, 0 changed, 1 removed." in shown
    assert "/in/{job}-added.csv" in shown and "name 10" in shown
    assert client.post(f"{url}/export/", given).status_code in (200, 302)
    kept = Query.objects.get(pk=receiver.query.pk).changes
    assert kept["since"] == receiver.query.changes["since"] and kept["tell"] == "files"
    assert (kept["changed"], kept["by"]) == (False, marketer.pk)
    client.post(f"{url}/changes/everything/")
    assert Query.objects.get(pk=receiver.query.pk).changes["everything"]


def test_the_panel_names_keys_that_are_there_twice(receiver, client, marketer):
    receiver.offer(*ROWS, ROWS[0])
    job = jobs.submit(receiver.query.sql, database="shop", owner=marketer, query=receiver.query)
    jobs.run(job.pk)
    client.force_login(marketer)
    export = {name: value for name, value in receiver.query.export.items() if value}
    given = export | {"authentication": receiver.query.authentication_id, "connector": "sftp_v2"}
    given |= {"changes-mode": "changes", "changes-key": ["id"], "changes-tell": "column"}
    given |= {"changes-added": "on"}

    url = f"/workbench/queries/{receiver.query.pk}/changes/next/"
    shown = client.post(url, given).content.decode()

    assert "1 key of id is in the result more than once. Nothing would be sent." in shown
    assert "In the result more than once, by id: 1." in shown
