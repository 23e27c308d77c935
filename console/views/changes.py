"""What of a result would be sent where only changes are, and the wish for everything."""

from django.shortcuts import render
from django.views.decorators.http import require_POST

from console.engines import QueryError
from console.jobs.results import NoResult
from console.queries.changing import ask_for_everything
from console.queries.changing import next_run as looked_ahead
from console.queries.exporting import Draft, last_result, names_of_parts
from console.views.exports import changes_form, chosen
from console.views.queries import visible_runner
from console.views.query_jobs import panel_done
from integrations.delivery import Delivery
from integrations.errors import ExportError
from integrations.secrets import SecretUnreadable

TROUBLE = (ExportError, QueryError, NoResult, SecretUnreadable)


@require_POST
def next_run(request, pk):
    """Show what the next run would send of the last result, with the form as it stands."""
    query = visible_runner(request, pk)
    context = {"query": query, "asked": True}
    authentication, job = chosen(request, query), last_result(query, request.user)
    form = authentication and changes_form(request, query, authentication, job)
    if form and form.sent and form.is_valid() and (changes := form.changes(request.user)):
        context |= {"changes_on": True, "job": job}
        draft = Draft(query, authentication, request.POST)
        if job and draft.complete:
            context |= shown(query, job, draft, changes)
    return render(request, "console/_changes_next.html", context)


def shown(query, job, draft, changes):
    try:
        looked = looked_ahead(query, job, draft.authentication, draft.settings, changes)
        connector = draft.connector(draft.authentication.plain_settings, draft.settings)
        around = Delivery(slot=draft.slot(), number="{job}")
        return {"looked": looked, "paths": names_of_parts(connector, changes, around)}
    except TROUBLE as error:
        return {"problem": str(error), "remedy": getattr(error, "remedy", "")}


@require_POST
def everything(request, pk):
    """Let the next run send everything, or take that back."""
    query = visible_runner(request, pk)
    if not query.changes:
        return panel_done(request, query, "The export sends everything in each run.")
    asked = ask_for_everything(query)
    text = "The next run sends everything." if asked else "The next run sends what changed."
    return panel_done(request, query, text)
