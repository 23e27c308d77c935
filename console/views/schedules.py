"""The schedule dialog: when a query runs."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone as clock
from django.views.decorators.http import require_POST

from console.forms.schedules import NOTIFYING, ScheduleForm, entries, timezones
from console.notifications import mail_is_set_up
from console.queries.simulator import simulate
from console.queries.trying import trouble
from console.schedules import describe, pause, resume, schedule_query, unschedule
from console.views.queries import visible_query
from console.views.query_jobs import panel_done

FIRINGS = 5


def schedule(request, pk):
    """Show the dialog; Done puts the query on the schedule, or takes it off."""
    query = visible_query(request, pk)
    if request.method == "POST":
        return save_schedule(request, query)
    if not request.htmx:
        return redirect(f"{query.get_absolute_url()}?panel=schedule")
    return render(request, "console/_schedule.html", schedule_context(request, query))


@require_POST
def schedule_firings(request, pk):
    """Show when a schedule that is being written would fire, and which files it would write."""
    context = firings(ScheduleForm(request.POST), visible_query(request, pk))
    return render(request, "console/_schedule_firings.html", context)


def save_schedule(request, query):
    form = ScheduleForm(request.POST)
    if not form.is_valid():
        context = schedule_context(request, query) | {"schedule_form": form, **firings(form, query)}
        template = "console/_schedule.html" if request.htmx else "console/query_panel.html"
        return render(request, template, {"panel": "schedule", **context}, status=422)
    cron, zone = form.cleaned_data["cron"], form.cleaned_data["timezone"]
    keep_notifying(query, form.cleaned_data)
    if cron:
        schedule_query(query, cron, zone, form.cleaned_data["delay"], **form.policies)
        return panel_done(request, query, f"Scheduled. {describe(cron)}")
    unschedule(query)
    return panel_done(request, query, "The query has no schedule now.")


def keep_notifying(query, settings):
    """Keep who hears of the query's runs."""
    for name in NOTIFYING:
        setattr(query, name, settings[name])
    query.save(update_fields=NOTIFYING)
    query.notified.set(settings["notified"])


@require_POST
def pause_schedule(request, pk):
    """Pause the schedule, or go on with it."""
    query = visible_query(request, pk)
    if query.schedule is None:
        return panel_done(request, query, "The query has no schedule now.")
    if "resume" in request.POST:
        if "test" in request.POST and (why := trouble(query)):
            return still_paused(request, query, why)
        resume(query.schedule)
        text = "The schedule goes on with its next slot."
    else:
        pause(query.schedule, request.user)
        text = "The schedule is paused. Nothing starts until somebody resumes it."
    query.schedule.refresh_from_db()
    return panel_done(request, query, text)


def still_paused(request, query, why):
    """Show what was found to be wrong still."""
    if not request.htmx:
        messages.error(request, f"The schedule is paused still. {why}")
        return redirect(query.get_absolute_url())
    context = schedule_context(request, query) | {"trouble": why}
    return render(request, "console/_schedule.html", context, status=422)


def schedule_context(request, query):
    values = entries(query)
    return {
        "query": query,
        "schedule_form": ScheduleForm(initial=values),
        "timezones": timezones(),
        "mail": mail_is_set_up(),
        **firings(ScheduleForm(values), query),
    }


def firings(form, query):
    """Return the sentence of the schedule and its next firings, or what is wrong with it."""
    if not form.is_valid():
        return {"wrong": form.errors}
    settings = form.cleaned_data
    cron, zone, delay = settings["cron"], settings["timezone"], settings["delay"]
    if not cron:
        return {}
    found = simulate(cron, zone, delay, clock.now(), settings["firings"] or FIRINGS, query)
    return {
        "sentence": describe(cron),
        "zone": zone,
        "delay": timedelta(seconds=delay),
        "firings": [shown(firing) for firing in found],
        "writes": any(firing.path for firing in found),
        "replaces": len(found) > 1 and len({firing.path for firing in found}) == 1,
        "paused": query.schedule and query.schedule.paused_at,
    }


def shown(firing):
    starts = firing.starts.astimezone(firing.slot.tzinfo)
    return {
        "local_text": f"{starts:%a %d %b %Y %H:%M:%S %Z}",
        "utc_text": f"{firing.starts:%a %d %b %H:%M:%S}",
        "utc_iso": firing.starts.isoformat(),
        "path": firing.path,
        "notes": firing.notes,
    }
