"""The schedule dialog: when a query runs."""

from datetime import timedelta

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone as clock
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from console.forms.schedules import AFTER, NOTIFYING, ScheduleForm, entries
from console.forms.triggers import TriggerForm, trigger_entries
from console.forms.webhooks import WebhookForm
from console.notifications import mail_is_set_up
from console.queries.simulator import simulate
from console.queries.trying import trouble
from console.queries.webhooks import keep_webhook
from console.schedules import (
    ChainError,
    Repeat,
    follow_query,
    in_words,
    pause,
    resume,
    schedule_query,
    times_of,
)
from console.schedules.chains import lock_chains, named
from console.schedules.following import why_broken
from console.views.queries import visible_runner
from console.views.query_jobs import panel_done
from console.views.triggers import (
    goes_on,
    left,
    rows_of,
    runs_after,
    saved_trigger,
    trigger_context,
    trigger_form,
)
from console.views.webhooks import webhook_context
from integrations import meanwhile

FIRINGS = 5


@sensitive_post_parameters()
def schedule(request, pk):
    """Show the dialog; Done puts the query on the schedule, or takes it off."""
    query = visible_runner(request, pk)
    if request.method == "POST":
        return save_schedule(request, query)
    if not request.htmx:
        return redirect(f"{query.get_absolute_url()}?panel=schedule")
    return render(request, "console/_schedule.html", schedule_context(request, query))


@require_POST
def schedule_firings(request, pk):
    """Show when a schedule that is being written would fire, and which files it would write."""
    query = visible_runner(request, pk)
    context = shown_runs(posted(request, query), trigger_form(request, query), query)
    return render(request, "console/_schedule_firings.html", context | {"asked": True})


def why_none(times):
    """Say why there is no run to come, where that is because of a start or an end."""
    if times.end or isinstance(times.rule, Repeat):
        return "The schedule has ended."
    return ""


def posted(request, query):
    return ScheduleForm(request.POST, schedule=query.schedule)


def save_schedule(request, query):
    form, trigger = posted(request, query), trigger_form(request, query)
    webhook = WebhookForm(request.POST, stored=query.webhook)
    usable = not webhook.sent or webhook.is_valid()
    if not (form.is_valid() and trigger.is_usable() and usable):
        return refused(request, query, form, trigger)
    try:
        return keep_schedule(request, query, form, trigger)
    except meanwhile.SavedMeanwhile as error:
        now = {"meanwhile": str(error), "opened": mark_of(query)}
        return refused(request, query, form, trigger, **now)


def mark_of(query):
    """Return what tells whether the schedule, or who hears of it, has changed since."""
    people = sorted(query.notified.values_list("pk", flat=True))
    webhook = query.webhook and (query.webhook_id, query.webhook.shape, query.webhook.on_success)
    return meanwhile.mark(entries(query) | {"notified": people}, trigger_entries(query), webhook)


@transaction.atomic
def keep_schedule(request, query, form, trigger):
    """Save what was sent. Raise SavedMeanwhile where that was changed since it was shown."""
    lock_chains()
    query.refresh_from_db()
    meanwhile.check(request.POST.get("opened"), mark_of(query))
    if form.cleaned_data["when"] == AFTER:
        return save_trigger(request, query, form, trigger)
    secret = keep_notifying(request, query, form.cleaned_data)
    if schedule_query(query, form.times, delay=form.cleaned_data["delay"], **form.policies):
        text = f"Scheduled. {in_words(times_of(query.schedule))}"
    else:
        text = "The query has no schedule now."
    return done(request, query, text, secret)


def done(request, query, text, secret):
    return secret_shown(request, query, secret) if secret else panel_done(request, query, text)


def secret_shown(request, query, secret):
    """Show the panel once more, as it is saved, with what is not shown again."""
    context = schedule_context(request, query) | webhook_context(query, secret=secret)
    template = "console/_schedule_saved.html" if request.htmx else "console/query_panel.html"
    return render(request, template, {"panel": "schedule", **context})


def save_trigger(request, query, form, trigger):
    """Let the query run after another one."""
    upstream, delay = trigger.cleaned_data["after"], form.cleaned_data["delay"]
    by_hand = trigger.cleaned_data["by_hand"]
    try:
        follow_query(query, upstream, by_hand=by_hand, delay=delay, **form.policies)
    except ChainError as error:
        trigger.add_error("after", str(error))
        return refused(request, query, form, trigger)
    secret = keep_notifying(request, query, form.cleaned_data)
    return done(request, query, f"It runs after {named(upstream)} from now on.", secret)


def refused(request, query, form, trigger, **more):
    """Show what was sent again, with what is wrong about it."""
    context = schedule_context(request, query) | {"schedule_form": form, "trigger_form": trigger}
    context |= {"opened": request.POST.get("opened") or mark_of(query)} | more
    context |= shown_runs(form, trigger, query)
    webhook = WebhookForm(request.POST, stored=query.webhook)
    context |= webhook_context(query, webhook if webhook.sent else None)
    template = "console/_schedule.html" if request.htmx else "console/query_panel.html"
    return render(request, template, {"panel": "schedule", **context}, status=422)


def keep_notifying(request, query, settings):
    """Keep who hears of the query's runs. Return the secret of a new webhook, to be shown once."""
    for name in NOTIFYING:
        setattr(query, name, settings[name])
    query.save(update_fields=NOTIFYING)
    query.notified.set(settings["notified"])
    webhook = WebhookForm(request.POST, stored=query.webhook)
    return (
        keep_webhook(query, **webhook.cleaned_data) if webhook.sent and webhook.is_valid() else ""
    )


@require_POST
def pause_schedule(request, pk):
    """Pause the schedule, or go on with it."""
    query = visible_runner(request, pk)
    text, why = paused_or_resumed(request, query)
    return still_paused(request, query, why) if why else panel_done(request, query, text)


def paused_or_resumed(request, query):
    """Pause the schedule, or go on with it. Return what is to be said, or why it did not go on."""
    if query.schedule is None:
        return "The query has no schedule now.", ""
    if "resume" in request.POST:
        why = why_broken(query.schedule) or ("test" in request.POST and trouble(query))
        if why:
            return "", why
        resume(query.schedule)
        query.schedule.refresh_from_db()
        text = goes_on(query.schedule)
    else:
        pause(query.schedule, request.user)
        text = "The schedule is paused. Nothing starts until somebody resumes it."
        text += left(request, query)
    query.schedule.refresh_from_db()
    return text, ""


def still_paused(request, query, why):
    """Show what was found to be wrong still."""
    if not request.htmx:
        messages.error(request, f"The schedule is paused still. {why}")
        return redirect(query.get_absolute_url())
    context = schedule_context(request, query) | {"trouble": why}
    return render(request, "console/_schedule.html", context, status=422)


def schedule_context(request, query):
    values = entries(query)
    trigger = TriggerForm(initial=trigger_entries(query), query=query, user=request.user)
    return {
        "query": query,
        "opened": mark_of(query),
        "schedule_form": ScheduleForm(initial=values),
        "mail": mail_is_set_up(),
        **trigger_context(request, query, trigger),
        **shown_runs(
            ScheduleForm(values, schedule=query.schedule), saved_trigger(request, query), query
        ),
        **webhook_context(query),
    }


def shown_runs(form, trigger, query):
    """Return the next runs of a schedule as it is being written, of whichever kind."""
    if form.is_valid() and form.cleaned_data["when"] == AFTER:
        return runs_after(form, trigger, query)
    return firings(form, query)


def firings(form, query):
    """Return the sentence of the schedule and its next firings, or what is wrong with it."""
    if not form.is_valid():
        return {"wrong": form.errors}
    times, delay = form.coming, form.cleaned_data["delay"]
    if times.rule.never:
        return {}
    number = form.cleaned_data["firings"] or FIRINGS
    found = simulate(times, delay, clock.now(), number, query)
    return {
        "sentence": in_words(times),
        "zone": times.timezone,
        "delay": timedelta(seconds=delay),
        **rows_of(found),
        "why_none": why_none(times),
        "paused": query.schedule and query.schedule.paused_at,
    }
