"""Slots of the past: seen, chosen, run, cancelled."""

from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone as clock

from console.forms.backfill import RangeForm
from console.schedules.backfill import MOST, cancel, past_slots, run_slots
from console.views.queries import visible_runner

SHOWN_AT_FIRST = timedelta(days=7)


def backfill(request, pk):
    """Show the slots of a range with their jobs; run those that are chosen."""
    query = visible_runner(request, pk)
    if query.schedule is None:
        messages.error(request, "The query has no schedule, so there are no slots.")
        return redirect(query)
    zone = query.schedule.timezone
    form = RangeForm(request.POST or request.GET or at_first(zone), zone=zone)
    if not form.is_valid():
        context = {"query": query, "form": form, "zone": zone}
        return render(request, "console/backfill.html", context, status=422)
    span = form.cleaned_data["first"], form.cleaned_data["last"]
    if request.method == "POST":
        return done(request, query, form, span)
    found = past_slots(query, *span)
    context = {
        "query": query,
        "form": form,
        "zone": zone,
        "slots": [shown(each, ZoneInfo(zone)) for each in found],
        "open": sum(each.is_open for each in found),
        "most": MOST if len(found) == MOST else None,
    }
    return render(request, "console/backfill.html", context)


def at_first(zone):
    now = clock.now().astimezone(ZoneInfo(zone))
    return {
        "first": f"{now - SHOWN_AT_FIRST:%Y-%m-%dT%H:%M}",
        "last": f"{now:%Y-%m-%dT%H:%M}",
    }


def shown(each, zone):
    local = each.slot.astimezone(zone)
    return {
        "value": each.slot.isoformat(),
        "text": f"{local:%a %d %b %Y %H:%M %Z}",
        "job": each.job,
        "open": each.is_open,
    }


def done(request, query, form, span):
    """Run the chosen slots, or cancel what waits."""
    if "cancel" in request.POST:
        number = cancel(query, *span, by=request.user)
        text = f"{number} job{'' if number == 1 else 's'} that waited will not run."
    else:
        wanted = set(request.POST.getlist("slot"))
        found = past_slots(query, *span)
        chosen = [each.slot for each in found if each.slot.isoformat() in wanted]
        number = len(run_slots(query, chosen, request.user))
        text = f"{number} slot{'' if number == 1 else 's'} will run, one after the other."
        if going := len(chosen) - number:
            text += f" {going} {'is' if going == 1 else 'are'} under way already."
    messages.success(request, text)
    kept = {name: form.data[name] for name in ("first", "last")}
    return redirect(f"{reverse('backfill', args=[query.pk])}?{urlencode(kept)}")
