"""The part of the schedule dialog about queries that run after others."""

from datetime import timedelta

from django.utils import timezone as clock

from console.forms.schedules import AFTER
from console.forms.triggers import TriggerForm, trigger_entries
from console.queries.chain import chain, followed_by, standing
from console.queries.simulator import simulate
from console.schedules.chains import ChainError, check_chain, course_after, line_above, named

FIRINGS = 5


def trigger_form(request, query):
    """Return the form as it was sent; where the query is to run at times, as it is saved."""
    if request.POST.get("when") != AFTER:
        return saved_trigger(request, query, bound=False)
    return TriggerForm(request.POST, query=query, user=request.user)


def saved_trigger(request, query, *, bound=True):
    values = trigger_entries(query)
    given = (values,) if bound else ()
    return TriggerForm(*given, initial=values, query=query, user=request.user)


def trigger_context(request, query, form):
    """Return what the dialog shows of the chain that the query stands in."""
    return {
        "trigger_form": form,
        "standing": standing(query, request.user),
        "chain": chain(query, request.user),
    }


def runs_after(form, trigger, query):
    """Return the next runs of a query after those of another one, or what is wrong with that."""
    if not trigger.is_valid():
        return {"wrong": trigger.errors}
    upstream, delay = trigger.cleaned_data["after"], form.cleaned_data["delay"]
    try:
        check_chain(query, upstream)
    except ChainError as error:
        return {"wrong": {"after": [str(error)]}}
    course = course_after(upstream, delay)
    number = form.cleaned_data["firings"] or FIRINGS
    found = simulate(course.times, course.delay, clock.now(), number, query)
    line = ", after ".join(named(each) for each in [upstream, *line_above(upstream.schedule)])
    return {
        "after": line,
        "sentence": f"Each time that {named(upstream)} has succeeded, for the same slot.",
        "why_none": course.why_none,
        "zone": course.timezone,
        "delay": timedelta(seconds=delay),
        "paused": query.schedule and query.schedule.paused_at,
        **rows_of(found),
    }


def rows_of(found):
    """Return runs that are to come, as the table shows them."""
    return {
        "firings": [shown(firing) for firing in found],
        "writes": any(firing.path for firing in found),
        "replaces": len(found) > 1 and len({firing.path for firing in found}) == 1,
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


def goes_on(schedule):
    """Say what a schedule that was resumed does."""
    if schedule.follows:
        return f"The query runs again after {named(schedule.follows.query)}."
    if schedule.ended:
        return "The schedule is not paused any more, but it has ended: nothing is to come."
    return "The schedule goes on with its next slot."


def left(request, query):
    """Say what does not run either while a query does not."""
    names = [link.name for link in followed_by(query, request.user)]
    return f" Nor does what runs after it: {', '.join(names)}." if names else ""
