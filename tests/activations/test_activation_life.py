"""What is done with an activation: run, paused, tried again, copied, deleted; and who may."""

from dataclasses import asdict
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from activations.activating import life, saving
from activations.activating.templates import initial
from activations.models import Activation, ActivationTemplate
from console import jobs
from console.jobs.changes.wishes import Changes
from console.jobs.testing import Entered, new_test
from console.models import Job, Query, Schedule
from console.schedules import follow_query, schedule_query
from integrations.models import SwitchedOff
from tests.activations.sending import exported
from tests.activations.studio import all_of, bought, rule

TIER = {"kind": "attribute", "source": "tier", "name": "tier"}
DAILY = partial(schedule_query, wanted="@daily", timezone="Europe/Berlin")


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def post(client, name, activation, data=None, **more):
    address = reverse(name, args=[activation.pk, *more.values()])
    return client.post(address, data or {}, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_its_first_rows_are_sent_as_it_is_saved_and_that_is_no_run(mia, send, marketer):
    made = send()
    page = reverse("activation-settings", args=[made.pk])
    shown = mia.get(page)
    assert shown.context["test_path"] == "/test-{job}-gold.csv"

    refused = post(mia, "test-activation", made)
    post(mia, "test-activation", made, {"told": shown.context["test_told"]})

    job = Job.objects.get(test__isnull=False)
    assert "does something else than was told" in said(refused)[0]
    assert (job.test["rows"], job.test["of"], job.about) == (5, made.query.place, made.query.about)
    assert (job.query, job.text, job.owner) == (None, made.query.sql, marketer)
    assert not made.query.jobs.exists()


def test_a_test_of_what_was_saved_anew_meanwhile_has_to_be_read_first(mia, send, marketer):
    made = send()
    told = mia.get(reverse("activation-settings", args=[made.pk])).context["test_told"]
    Query.objects.filter(pk=made.query_id).update(export=exported("/other.csv"))

    refused = post(mia, "test-activation", made, {"told": told})

    assert "does something else than was told" in said(refused)[0]
    assert not Job.objects.filter(test__isnull=False).exists()


def test_what_it_runs_after_is_named_to_who_may_see_that(client, mia, send, people, analyst):
    made = send(timing=lambda query: follow_query(query, people))
    pages = [made.get_absolute_url(), reverse("activation-settings", args=[made.pk])]
    pages.append(reverse("activations"))
    assert all("“People”" in mia.get(each).content.decode() for each in pages)

    client.force_login(analyst)

    for each in pages:
        page = client.get(each).content.decode()
        assert "After a query of mia." in page and "People" not in page


def test_it_is_not_deleted_while_a_test_of_it_is_on_its_way(send):
    made = send()
    other = send("Other", made.segment)
    given = Entered(made.query.authentication, made.query.export)
    job, _ = jobs.submit_once(new_test(made.query, given), by=made.query.owner)

    with pytest.raises(life.StillRunning, match=f"Job {job.pk} is under way"):
        life.delete(made)

    life.delete(other)
    jobs.kill(job, made.query.owner)
    life.delete(made)
    assert not Activation.objects.exists()


def test_who_does_not_see_its_jobs_makes_no_test(client, send, colleague):
    made = send()
    client.force_login(colleague)

    assert post(client, "test-activation", made).status_code == 404
    assert not Job.objects.filter(test__isnull=False).exists()


def test_run_now_makes_one_job_however_often_it_is_clicked(mia, send):
    made = send()

    first, second = (post(mia, "run-activation", made) for _ in range(2))

    job = Job.objects.get(query=made.query)
    assert said(first) == [f"The run is under way: job {job.pk}."]
    assert said(second) == [f"A run is under way already: job {job.pk}."]
    assert job.sql == made.query.sql and job.export == made.query.export


def test_a_run_is_stopped_and_done_again(mia, send, marketer):
    made = send()
    job, _ = life.run_now(made, marketer)

    early = post(mia, "retry-run", made, job=job.pk)
    post(mia, "stop-run", made, job=job.pk)
    late = post(mia, "stop-run", made, job=job.pk)
    again = post(mia, "retry-run", made, job=job.pk)

    job.refresh_from_db()
    assert said(early) == [f"Job {job.pk} has not ended yet."]
    assert job.status == "killed"
    assert said(late) == [f"Job {job.pk} had ended before: Killed."]
    new = made.query.jobs.get(retry_of=job)
    assert said(again) == [f"Job {new.pk} does job {job.pk} again."]


def test_a_run_without_a_result_is_done_again_as_the_activation_is_by_now(mia, send, drop, sftp):
    made = send(authentication=sftp, export=exported("/old.csv"))
    job, _ = life.run_now(made, made.query.owner)
    Job.objects.filter(pk=job.pk).update(status="error", slot=timezone.now(), timezone="Asia/Tokyo")
    made = Activation.objects.get(pk=made.pk)
    made.name, made.mapping = "Monthly", {"all_columns": False, "columns": [TIER]}
    saving.save(made, by=made.query.owner, authentication=drop, export=exported("/new.csv"))

    post(mia, "retry-run", made, job=job.pk)

    job, query = Job.objects.get(pk=job.pk), Query.objects.get(pk=made.query_id)
    again = job.retries.get()
    now = "name", "sql", "query_version", "authentication", "export", "about", "timezone"
    assert [getattr(again, name) for name in now] == [
        *("Monthly", query.sql, query.version, drop, query.export, query.about, "UTC")
    ]
    assert again.slot == job.slot and again.export["path_prefix"] == "/new.csv"
    said = f"There is no result of job {job.pk} to use: it runs as it is set up by now."
    assert said in again.lines.values_list("text", flat=True)


def test_who_retries_a_delivered_run_is_told_that_its_rows_are_gone(mia, send):
    made = send()
    job, _ = life.run_now(made, made.query.owner)
    receipt = {"rows": 3, "files": [], "summary": "Delivered."}
    Job.objects.filter(pk=job.pk).update(status="success", receipt=receipt)

    page = mia.get(reverse("activation-runs", args=[made.pk])).text

    said = "This was delivered, and its rows are not kept any more. Run it as it is set up by now?"
    assert f'data-confirm="{said}"' in page


def test_only_runs_of_the_activation_are_reached_through_it(mia, send):
    one, other = send(), send("Other", Activation.objects.get().segment)
    job = Job.objects.create(query=other.query, owner=other.query.owner, sql="-", status="error")

    assert post(mia, "retry-run", one, job=job.pk).status_code == 404
    assert post(mia, "stop-run", one, job=job.pk).status_code == 404
    assert not job.retries.exists() and not one.query.jobs.exists()


def test_a_schedule_is_paused_and_resumed(mia, send):
    made = send(timing=DAILY)

    post(mia, "pause-activation", made)
    schedule = Schedule.objects.get()
    assert schedule.paused_because == "mia paused it."
    post(mia, "pause-activation", made, {"resume": "yes"})

    schedule.refresh_from_db()
    assert schedule.paused_at is None and schedule.next_slot > timezone.now()


def test_what_failed_is_tested_before_it_goes_on(mia, send, drop, sandbox):
    made = send(timing=DAILY, authentication=drop)
    broken = {"paused_at": timezone.now(), "paused_because": "Its last 5 runs failed."}
    Schedule.objects.update(**broken)
    Query.objects.filter(pk=made.query_id).update(sql="SELECT nothing FROM nowhere")

    refused = post(mia, "pause-activation", made, {"resume": "yes", "test": "yes"})
    assert "It is paused still" in said(refused)[0] and "nowhere" in said(refused)[0]
    assert Schedule.objects.get().paused_at

    Query.objects.filter(pk=made.query_id).update(sql=made.query.sql)
    post(mia, "pause-activation", made, {"resume": "yes", "test": "yes"})
    assert Schedule.objects.get().paused_at is None


def test_a_copy_is_the_persons_and_has_no_schedule(client, send, sftp, analyst, shoppers, make):
    made = send(timing=DAILY)
    Query.objects.filter(pk=made.query_id).update(retry_limit=3, priority=1, notify_success=True)
    made.query.notified.add(analyst)
    sftp.shared_users.add(analyst)
    buyers = make("Buyers", all_of(bought(1)))
    client.force_login(analyst)

    given = {"name": "Mine", "segment": buyers.pk}
    page = post(client, "duplicate-activation", made, given)

    copy = Activation.objects.get(name="Mine")
    query = copy.query
    assert (query.owner, query.schedule, copy.segment) == (analyst, None, buyers)
    assert (query.retry_limit, query.priority, query.notify_success) == (3, 1, True)
    assert (query.authentication, query.export) == (sftp, made.query.export)
    assert [*query.notified.all()] == [analyst]
    assert "behavior_orders" in query.sql and "email" not in query.sql
    assert "It has no schedule" in said(page)[0]
    assert copy.name in page.content.decode()


def test_a_copy_of_what_sends_changes_does_so_too(mia, send, marketer):
    changes = asdict(Changes(key=["tier"], since="x", by=0))
    made = send(changes=changes)

    post(mia, "duplicate-activation", made, {"name": "Mine", "segment": made.segment_id})

    copied = Activation.objects.get(name="Mine").query.changes
    assert copied == changes | {"by": marketer.pk}


def test_a_copy_is_offered_a_free_name_and_keeps_it_free(mia, send):
    made = send()
    send("Copy of Weekly", made.segment)

    page = mia.get(reverse("duplicate-activation", args=[made.pk])).content.decode()
    taken = post(mia, "duplicate-activation", made, {"name": "Weekly", "segment": made.segment_id})

    assert 'value="Copy of Weekly (2)"' in page
    assert (
        taken.status_code == 422 and "has an activation “Weekly” already" in taken.content.decode()
    )


def test_no_copy_of_a_switched_off_connector_is_made_but_a_template_gets_there(mia, send):
    made = send()
    SwitchedOff.objects.create(type="sftp_v2", reason="Use S3")

    page = post(mia, "duplicate-activation", made, {"name": "Mine", "segment": made.segment_id})
    post(mia, "keep-template", made, {"name": "Weekly"})

    text = page.content.decode()
    assert page.status_code == 422 and "Choose an authentication" not in text
    assert "Use S3. Save this one as a template instead, and begin a new activation" in text
    template = ActivationTemplate.objects.get()
    assert initial(template, made.segment, made.query.owner).query.authentication is None


def test_nobody_copies_what_they_may_not_see_or_use(client, send, sftp, analyst, marketer, make):
    masked = make("Some", all_of(rule("email", "Equal", rightValue="c1@example.com")))
    made = send("Masked", masked)
    client.force_login(analyst)
    given = {"name": "Mine", "segment": masked.pk}

    unusable = post(client, "duplicate-activation", made, given)
    sftp.shared_users.add(analyst)
    unseen = post(client, "duplicate-activation", made, given)

    assert unusable.status_code == unseen.status_code == 422
    assert "cannot use the authentication" in unusable.content.decode()
    assert "Save this one as a template" in unusable.content.decode()
    assert "email" in unseen.content.decode()
    assert Activation.objects.count() == 1


def test_deleting_says_what_is_lost_and_keeps_the_jobs(mia, send, people, marketer):
    made = send(timing=DAILY)
    follow_query(people, made.query)
    job = Job.objects.create(query=made.query, owner=marketer, sql="-", status="success")

    asked = mia.get(reverse("delete-activation", args=[made.pk])).content.decode()
    assert "its schedule are deleted" in asked and "The jobs of its 1 run stay" in asked
    assert "What runs after it is paused" in asked and "People" in asked
    page = post(mia, "delete-activation", made)

    assert not Activation.objects.exists() and not Query.objects.filter(pk=made.query_id).exists()
    job.refresh_from_db()
    assert job.query is None
    people.refresh_from_db()
    assert people.schedule.paused_at
    assert "Not sent anywhere yet" in page.content.decode()


def test_while_a_run_is_under_way_it_is_not_deleted(mia, send, marketer):
    made = send()
    job, _ = life.run_now(made, marketer)

    refused = post(mia, "delete-activation", made)

    assert refused.status_code == 422 and f"Job {job.pk} is under way" in refused.content.decode()
    assert Activation.objects.exists()


CHANGES = ["run-activation", "pause-activation", "delete-activation"]
PAGES = ["activation", "activation-runs", "activation-settings"]


@pytest.fixture
def theirs(send, analyst, sftp):
    """An activation of Ines over Mia's parent segment."""
    sftp.shared_users.add(analyst)
    return send("Hers", by=analyst, timing=DAILY)


@pytest.mark.parametrize("who", ["owner", "parent", "administrator"])
def test_its_owner_the_parents_and_administrators_change_it(
    client, theirs, analyst, marketer, keeper, who
):
    client.force_login({"owner": analyst, "parent": marketer, "administrator": keeper}[who])

    page = client.get(theirs.get_absolute_url()).content.decode()
    assert "Run now" in page and "Pause" in page and "Delete…" in page
    post(client, "run-activation", theirs)
    job = Job.objects.get(query=theirs.query)
    assert job.owner == analyst  # whoever runs it
    post(client, "pause-activation", theirs)
    assert Schedule.objects.get().paused_at
    post(client, "stop-run", theirs, job=job.pk)
    post(client, "retry-run", theirs, job=job.pk)
    assert job.retries.count() == 1
    job.retries.update(status="killed")
    post(client, "delete-activation", theirs)
    assert not Activation.objects.exists()


@pytest.mark.parametrize("name", CHANGES)
def test_others_of_the_parent_segment_look_and_change_nothing(client, send, analyst, name):
    made = send(timing=DAILY)
    job = Job.objects.create(query=made.query, owner=made.query.owner, sql="-", status="error")
    client.force_login(analyst)

    page = client.get(made.get_absolute_url()).content.decode()
    runs = client.get(reverse("activation-runs", args=[made.pk])).content.decode()

    assert "Run now" not in page and "Delete…" not in page and "Duplicate…" in page
    assert reverse("job", args=[job.pk]) not in page + runs and "Retry" not in page + runs
    assert post(client, name, made).status_code == 404
    for change in ("retry-run", "stop-run"):
        assert post(client, change, made, job=job.pk).status_code == 404
    assert made.query.jobs.count() == 1 and Schedule.objects.get().paused_at is None


@pytest.mark.parametrize("name", [*CHANGES, *PAGES, "duplicate-activation", "keep-template"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_for_those_who_may_not_use_the_parent_segment_it_is_not_there(
    client, send, colleague, name, method
):
    made = send()
    client.force_login(colleague)

    response = getattr(client, method)(reverse(name, args=[made.pk]))

    assert response.status_code in (404, 405)
    assert Activation.objects.count() == 1 and not Job.objects.filter(query=made.query).exists()
    assert b"Weekly" not in client.get(reverse("activations")).content


def test_the_parents_owner_runs_it_and_does_not_see_its_rows(client, theirs, marketer):
    job = Job.objects.create(
        query=theirs.query, owner=theirs.query.owner, sql="-", status="success", rejected=2,
        rejects_path="x", receipt={"rows": 1, "files": [], "summary": "", "signature": "x"},
    )  # fmt: skip
    client.force_login(marketer)

    page = client.get(reverse("activation-runs", args=[theirs.pk])).content.decode()

    assert "Retry" in page and f"Job {job.pk}" in page
    for name in ("job", "job-rejects", "job-receipt"):
        assert reverse(name, args=[job.pk]) not in page
        assert client.get(reverse(name, args=[job.pk])).status_code == 404
