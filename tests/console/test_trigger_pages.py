"""The schedule dialog of a query that runs after another one, and what shows who follows whom."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from console import jobs
from console.jobs.ending import JobError, fail, succeed
from console.jobs.lease import Lease, claim
from console.models import Job, Query
from console.queries.chain import chain, standing
from console.queries.simulator import simulate
from console.schedules import chains, follow_query, pause, schedule_query, tick, times, unschedule
from integrations.connectors.sftp_v2 import Export

HTMX = {"HX-Request": "true"}
FAR = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


@pytest.fixture
def report(people):
    """Another query of Mia's."""
    return another(people, "Report")


def another(people, name, owner=None):
    return Query.objects.create(
        name=name, database=people.database, sql="SELECT 1 AS one", owner=owner or people.owner
    )


def entered(upstream=None, **changes):
    times = {"cron": "", "timezone": "UTC", "hours": 0, "minutes": 0, "seconds": 0}
    return {"when": "after", "after": upstream.pk if upstream else ""} | times | changes


def save(client, query, given):
    return client.post(reverse("query-schedule", args=[query.pk]), given)


def firings(client, query, given):
    return client.post(reverse("schedule-firings", args=[query.pk]), given)


def panel(client, query):
    address = reverse("query-schedule", args=[query.pk])
    return client.get(address, headers=HTMX).content.decode()


def run(query, slot=FAR, error=None):
    """Let a run for a slot end, with success or an error."""
    job = claim(jobs.submit_query(query, schedule=query.schedule, slot=slot).pk)
    if error:
        fail(Lease(job), JobError(error))
    else:
        succeed(Lease(job), None)
    return job


def test_the_choice_is_saved_with_its_delay_and_its_option(mia, people, report):
    schedule_query(people, "@daily", "Asia/Tokyo")

    save(mia, report, entered(people, minutes=5, by_hand="on", overlap="skip"))

    report.refresh_from_db()
    schedule = report.schedule
    assert (schedule.follows.query, schedule.follows.by_hand) == (people, True)
    assert (schedule.delay, schedule.overlap, schedule.timezone) == (300, "skip", "Asia/Tokyo")


def test_the_dialog_shows_what_was_chosen(mia, people, report):
    follow_query(report, people, by_hand=True)

    page = mia.get(reverse("query-schedule", args=[report.pk]), headers=HTMX)

    assert page.context["schedule_form"].initial["when"] == "after"
    assert page.context["trigger_form"].initial == {"after": people.pk, "by_hand": True}
    assert f'<option value="{people.pk}" selected>People</option>' in page.content.decode()


def test_a_time_in_its_place_is_saved_as_ever(mia, people, report):
    follow_query(report, people)

    save(mia, report, entered(people, when="@daily"))

    report.refresh_from_db()
    assert report.schedule.cron == "@daily" and report.schedule.follows is None


@pytest.mark.parametrize("given", [{}, {"after": "0"}, {"after": "people"}])
def test_without_a_query_nothing_is_saved(mia, people, report, given):
    answer = save(mia, report, entered(**given))

    report.refresh_from_db()
    assert answer.status_code == 422
    assert report.schedule is None


def test_a_query_of_another_is_not_offered_and_not_taken(mia, people, report, colleague):
    theirs = another(people, "Otto's own", colleague)

    assert "Otto" not in panel(mia, report)
    answer = save(mia, report, entered(theirs))

    assert answer.status_code == 422
    assert "That query is not there, or not yours to use." in answer.content.decode()


def test_an_admin_is_offered_what_the_owner_of_the_query_may_see(client, people, report, keeper):
    client.force_login(keeper)
    another(people, "Of the keeper", keeper)

    page = panel(client, report)

    assert "People (mia)" in page and "Of the keeper" not in page


def test_a_circle_is_told_while_it_is_written_and_when_it_is_saved(mia, people, report):
    follow_query(report, people)

    shown = firings(mia, people, entered(report)).content.decode()
    saved = save(mia, people, entered(report))

    said = "“People” cannot run after “Report”, which runs after “People”"
    assert said in shown
    assert saved.status_code == 422 and said in saved.content.decode()
    people.refresh_from_db()
    assert people.schedule is None


def test_the_coming_runs_are_those_of_the_first_of_the_chain(mia, people, report, sftp):
    schedule_query(people, "30 6 * * *", "Asia/Tokyo", 600)
    follow_query(report, people, delay=60)
    last = another(people, "Last")
    settings = {"path_prefix": "/in/{yyyy}{MM}{dd}-{HH}{mm}.csv", "user_directory_is_root": True}
    last.authentication, last.export = sftp, Export.from_json(settings).cleaned_data
    last.save()

    answer = firings(mia, last, entered(report, minutes=2))

    runs, page = answer.context["firings"], answer.content.decode()
    assert len(runs) == 5
    assert all("06:43:00 JST" in each["local_text"] for each in runs)
    assert all(each["path"].endswith("-0630.csv") for each in runs)
    assert "after “Report”, after “People”" in page
    assert "Each time that “Report” has succeeded, for the same slot." in page


def test_what_is_shown_to_come_comes(people, report):
    schedule_query(people, "30 6 * * *", "Asia/Tokyo", now=FAR)
    follow_query(report, people)
    course = chains.course(report.schedule)
    [shown] = simulate(course.times, course.delay, FAR, 1, report)

    assert tick(shown.slot) == 1
    succeed(Lease(claim(Job.objects.get(query=people).pk)), None)
    tick()

    assert Job.objects.get(query=report).slot == shown.slot


def test_no_run_is_to_be_expected_where_the_first_has_no_time(mia, people, report, marketer):
    shown = firings(mia, report, entered(people)).content.decode()
    assert "“People” has no schedule: it runs when somebody runs it." in shown

    schedule_query(people, "@daily")
    pause(people.schedule, marketer)

    shown = firings(mia, report, entered(people)).content.decode()
    assert "The schedule of “People” is paused." in shown


def test_two_that_write_the_same_file_are_told_where_one_runs_after_another(people, report, sftp):
    settings = Export.from_json({"path_prefix": "/{yyyy}{MM}{dd}.csv"}).cleaned_data
    rival = another(people, "Rival")
    for each in (report, rival):
        each.authentication, each.export = sftp, settings
        each.save()
    schedule_query(people, "@daily")
    follow_query(report, people)

    [firing] = simulate(times("@daily"), 0, datetime.now(UTC), 1, rival)

    assert firing.notes == ["“Report” writes a file of the same name: one replaces the other."]


def test_the_panel_says_why_it_has_not_run(mia, people, report):
    schedule_query(people, "@daily", now=FAR)
    follow_query(report, people)
    assert "No run of “People” counts yet." in panel(mia, report)

    failed = run(people, error="The table is gone.")

    page = panel(mia, report)
    assert "The last run of “People” failed, so this has not run yet." in page
    assert f"Job {failed.pk}" in page


def test_it_says_since_when(mia, people, report):
    schedule_query(people, "@daily", now=FAR)
    follow_query(report, people)
    run(people)
    tick()
    succeed(Lease(claim(Job.objects.get(query=report).pk)), None)
    assert "The last run of “People” succeeded, and started this one." in panel(mia, report)

    run(people, FAR + timedelta(days=1), error="The table is gone.")

    assert "so this has not run since <time" in panel(mia, report)


@pytest.mark.parametrize(("status", "said"), [("killed", "was killed"), ("skipped", "was skipped")])
def test_a_run_that_did_not_take_place_is_told_too(people, report, marketer, status, said):
    schedule_query(people, "@daily", now=FAR)
    follow_query(report, people)
    Job.objects.create(
        query=people, owner=marketer, slot=FAR, status=status, database="shop", sql="SELECT 1"
    )

    assert standing(report, marketer).text == (
        f"The last run of “People” {said}, so this has not run"
    )


def test_a_run_that_is_under_way_or_due_is_told(people, report, marketer):
    schedule_query(people, "@daily", now=FAR)
    follow_query(report, people, delay=3600)
    job = claim(jobs.submit_query(people, schedule=people.schedule, slot=FAR).pk)
    assert "is on its way" in standing(report, marketer).text
    Job.objects.filter(pk=job.pk).update(status="queued", held_because="No rows.")
    assert "waits for somebody to decide" in standing(report, marketer).text
    Job.objects.filter(pk=job.pk).update(status="running", held_because="")

    succeed(Lease(job), None)

    assert "This starts at" in standing(report, marketer).text


def test_a_success_in_a_pause_is_told(people, report, marketer):
    follow_query(report, people)
    pause(report.schedule, marketer)
    run(people)

    assert "succeeded while this was paused" in standing(report, marketer).text


def test_the_chain_is_shown_in_its_order_with_its_branches(mia, people, report, marketer):
    follow_query(report, people)
    left, right = another(people, "Left"), another(people, "Right")
    for each in (left, right):
        follow_query(each, report)

    line = chain(report, marketer)
    page = panel(mia, report)

    assert [link.name for link in line] == ["People", "Report"]
    assert [[link.name for link in branch] for branch in line[-1].after] == [["Left"], ["Right"]]
    assert page.index("One after the other") < page.index(">People<") < page.index("(this query)")
    assert page.index("(this query)") < page.index(">Left<") < page.index(">Right<")
    assert chain(another(people, "Alone"), marketer) == []


def test_the_page_of_a_query_links_to_what_runs_after_it(mia, people, report):
    follow_query(report, people)

    page = mia.get(people.get_absolute_url()).content.decode()

    assert "Followed by" in page and f'href="{report.get_absolute_url()}"' in page
    assert "Schedule: After People" in mia.get(report.get_absolute_url()).content.decode()


def test_what_belongs_to_another_is_told_without_its_name(mia, people, keeper):
    follow_query(another(people, "Ada's secret", keeper), people)

    page = mia.get(people.get_absolute_url()).content.decode()

    assert "a query of ada" in page and "secret" not in page
    assert panel(mia, people).count('class="link-state"') == 1, "of her own alone"


def test_whoever_pauses_or_deletes_hears_what_depends_on_it(mia, people, report):
    schedule_query(people, "@daily")
    follow_query(report, people)
    assert "While it is paused, these do not start either:" in panel(mia, people)

    paused = mia.post(reverse("pause-schedule", args=[people.pk]), follow=True).content.decode()
    asked = mia.get(reverse("delete-query", args=[people.pk])).content.decode()

    assert "Nor does what runs after it: Report." in paused
    assert "Other queries run after it." in asked and ">Report</a>" in asked


def test_one_whose_upstream_was_deleted_says_so_and_is_not_resumed(mia, people, report):
    follow_query(report, people)
    mia.post(reverse("delete-query", args=[people.pk]))

    answer = mia.post(reverse("pause-schedule", args=[report.pk]), {"resume": "yes"}, headers=HTMX)

    assert answer.status_code == 422
    said = "The query that it ran after was deleted. Choose another one."
    assert said in answer.content.decode()
    report.refresh_from_db()
    assert report.schedule.paused_at
    assert "After a query that was deleted." in mia.get(reverse("queries")).content.decode()


def test_it_is_paused_and_resumed_as_others_are(mia, people, report):
    follow_query(report, people)
    address = reverse("pause-schedule", args=[report.pk])
    mia.post(address)

    page = mia.post(address, {"resume": "yes"}, follow=True).content.decode()

    assert "The query runs again after “People”." in page
    report.refresh_from_db()
    assert report.schedule.paused_at is None


def test_lists_and_home_know_a_schedule_without_times(mia, people, report):
    schedule_query(people, "@daily")
    follow_query(report, people)

    assert "After People." in mia.get(reverse("queries")).content.decode()
    home = mia.get(reverse("home"))
    assert home.context["schedules"] == 2
    assert [query.name for query in home.context["next"]] == ["People"]


def test_its_earlier_slots_are_those_for_which_the_upstream_succeeded(mia, people, report):
    schedule_query(people, "@daily", now=FAR)
    follow_query(report, people)
    slot = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    run(people, slot)
    run(people, slot + timedelta(hours=1), error="The table is gone.")
    tick()

    page = mia.get(reverse("backfill", args=[report.pk]))

    [shown] = page.context["slots"]
    assert (shown["value"], shown["job"].query) == (slot.isoformat(), report)
    assert "After People." in page.content.decode()


def test_the_export_panel_names_the_file_of_the_next_run_of_the_chain(mia, people, report, sftp):
    schedule_query(people, "0 6 1 1 *", now=FAR)
    follow_query(report, people)
    settings = {"path_prefix": "/{yyyy}.csv", "user_directory_is_root": True}
    report.authentication, report.export = sftp, Export.from_json(settings).cleaned_data
    report.save()

    page = mia.get(reverse("query-export", args=[report.pk]), headers=HTMX).content.decode()

    assert "/2100.csv" in page


def test_taking_the_upstream_off_its_schedule_leaves_what_follows_in_place(mia, people, report):
    schedule_query(people, "@daily")
    follow_query(report, people)
    unschedule(people)

    page = panel(mia, report)

    assert "No run is to be expected." in page
    assert "“People” has no schedule: it runs when somebody runs it." in page
