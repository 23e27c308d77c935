"""The schedule dialog: when a query runs."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.shortcuts import redirect, render
from django.utils import timezone as clock
from django.views.decorators.http import require_POST

from console.forms.schedules import ScheduleForm, entries, timezones
from console.schedules import describe, next_slots, parse, schedule_query, unschedule
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
def schedule_firings(request):
    """Show when a schedule that is being written would fire."""
    return render(request, "console/_schedule_firings.html", firings(ScheduleForm(request.POST)))


def save_schedule(request, query):
    form = ScheduleForm(request.POST)
    if not form.is_valid():
        context = schedule_context(request, query) | {"schedule_form": form, **firings(form)}
        template = "console/_schedule.html" if request.htmx else "console/query_panel.html"
        return render(request, template, {"panel": "schedule", **context}, status=422)
    cron, zone = form.cleaned_data["cron"], form.cleaned_data["timezone"]
    if cron:
        schedule_query(query, cron, zone, form.cleaned_data["delay"])
        return panel_done(request, query, f"Scheduled. {describe(cron)}")
    unschedule(query)
    return panel_done(request, query, "The query has no schedule now.")


def schedule_context(request, query):
    values = entries(query.schedule)
    return {
        "query": query,
        "schedule_form": ScheduleForm(initial=values),
        "timezones": timezones(),
        **firings(ScheduleForm(values)),
    }


def firings(form):
    """Return the sentence of the schedule and its next firings, or what is wrong with it."""
    if not form.is_valid():
        return {"wrong": form.errors}
    settings = form.cleaned_data
    if not settings["cron"]:
        return {}
    cron, zone = parse(settings["cron"]), ZoneInfo(settings["timezone"])
    delay = timedelta(seconds=settings["delay"])
    slots = next_slots(cron, settings["timezone"], clock.now(), FIRINGS)
    return {
        "sentence": describe(cron),
        "zone": settings["timezone"],
        "delay": delay,
        "firings": [firing(slot + delay, zone) for slot in slots],
    }


def firing(moment, zone):
    return {
        "local_text": f"{moment.astimezone(zone):%a %d %b %Y %H:%M:%S %Z}",
        "utc_text": f"{moment:%a %d %b %H:%M:%S}",
        "utc_iso": moment.isoformat(),
    }
