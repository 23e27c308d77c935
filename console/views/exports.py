"""The Export Results panel: where the result of a query goes."""

from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from console import jobs
from console.forms.changes import ChangesForm
from console.jobs.results import rows_of
from console.jobs.testing import Entered
from console.models import Query
from console.queries.access import visible_jobs
from console.queries.changing import as_added, everything_is_asked
from console.queries.exporting import Draft, last_result, remove_export, set_export
from console.queries.legible import hexdump, lines
from console.queries.saving import is_of
from console.views.keys import key_of
from console.views.queries import visible_query
from console.views.query_jobs import panel_done
from integrations import meanwhile
from integrations.access import choosable_by, left_out_of
from integrations.errors import ExportError
from integrations.secrets import SecretUnreadable

HEX_BYTES = 256


def export(request, pk):
    """Show the panel; Done saves the export on the query."""
    query = visible_query(request, pk)
    if request.method == "POST":
        return save_export(request, query)
    if not request.htmx:
        return redirect(panel_url(query))
    return render(request, "console/_export.html", export_context(request, query))


@require_POST
def export_draft(request, pk):
    """Show the panel with what was entered so far, without saving or finding fault."""
    query = visible_query(request, pk)
    return render(request, "console/_export.html", export_context(request, query))


def save_export(request, query):
    try:
        given, form = entered(request, query)
    except NotRight as wrong:
        return refused(request, query, wrong.context)
    try:
        keep_export(query, request.POST.get("opened"), *given)
    except meanwhile.SavedMeanwhile as error:
        now = {"changes_form": form, "meanwhile": str(error), "opened": mark_of(query)}
        return refused(request, query, export_context(request, query) | now)
    if "run" in request.POST:
        job, _ = jobs.submit_once(jobs.new_job(query), by=request.user)
        return panel_done(request, query, "The export is saved. Its job has started.", job)
    return panel_done(request, query, f"Results go to {given.authentication.name} from now on.")


class NotRight(Exception):
    """What was entered cannot be an export. The context shows what is wrong with it."""

    def __init__(self, context):
        super().__init__()
        self.context = context


def entered(request, query):
    """Return the export that was entered, and the form of its changes. NotRight: it is none."""
    authentication = chosen(request, query)
    if authentication is None:
        raise NotRight(export_context(request, query) | {"unchosen": True})
    draft = Draft(query, authentication, request.POST)
    form = changes_form(request, query, authentication, last_result(query, request.user))
    form.replaced, form.removals = draft.replaced, draft.removals
    usable = not form.sent or form.is_valid()
    if not (draft.complete and usable):
        shown = {} if draft.complete else {"export_form": draft.checked}
        raise NotRight(export_context(request, query) | shown | {"changes_form": form})
    changes = form.changes(request.user) if form.sent else query.changes
    return Entered(authentication, draft.settings, changes), form


def mark_of(query):
    """Return what tells whether the export was changed since it was shown."""
    return meanwhile.mark(query.authentication_id, query.export, query.changes)


@transaction.atomic
def keep_export(query, opened, *export):
    """Save the export. Raise SavedMeanwhile where it was changed since it was shown."""
    kept = get_object_or_404(Query.objects.select_for_update(), pk=query.pk)
    query.authentication, query.export, query.changes = (
        kept.authentication,
        kept.export,
        kept.changes,
    )
    meanwhile.check(opened, mark_of(kept))
    set_export(query, *export)


def refused(request, query, context):
    if request.htmx:
        return render(request, "console/_export.html", context, status=422)
    return render(request, "console/query_panel.html", {"panel": "export", **context}, status=422)


def changes_form(request, query, authentication, job, *, bound=True):
    """Return the form of all rows or changes, as it was sent or as the query has it.

    Its columns are those of the last result, which a job has.
    """
    return ChangesForm(
        request.POST if bound and request.method == "POST" else None,
        kept=query.changes,
        columns=[name for name, _ in job.result_columns] if job else (),
        connector=authentication.connector,
    )


@require_POST
def remove(request, pk):
    query = visible_query(request, pk)
    remove_export(query)
    return panel_done(request, query, "The export is removed. Results stay here.")


def export_context(request, query):
    """Return what the panel shows: who to send to, the settings, and the file they make."""
    authentication = chosen(request, query)
    context = {
        "query": query,
        "authentications": choosable(query).select_related("owner"),
        "left_out": left_out_of(query.owner),
        "chosen": authentication,
        "back": panel_url(query),
        "opened": request.POST.get("opened") or mark_of(query),
    }
    if authentication is None:
        return context
    posted = request.method == "POST" and request.POST.get("connector") == authentication.type
    draft = Draft(query, authentication, request.POST if posted else None)
    job = last_result(query, request.user)
    form = shown_changes(request, query, authentication, job)
    return context | {
        "draft": draft,
        "export_form": draft.form(job.result_columns if job else ()),
        "changes_form": form,
        "everything_asked": everything_is_asked(query),
        "earlier": None if job is None or is_of(job, query) else job,
        **few_rows_of(request, draft, form),
        **file_of(
            job and as_added(rows_of(job), form.told_in),
            draft,
            request.user,
            form.so_far,
            job=job,
        ),
    }


def few_rows_of(request, draft, form):
    """Return what a test with a few rows would do, and the one that was made of this panel."""
    key = key_of(request.POST.get("tested"))
    tested = key and visible_jobs(request.user).filter(pk=key, test__isnull=False).first()
    return told_of_test(draft, form.so_far) | {"tested": tested}


def told_of_test(draft, changes, *kept):
    """Return what a test of an export does, and where."""
    few = draft.few(changes)
    try:
        path = draft.test_path(changes)
    except (ExportError, SecretUnreadable):  # What is wrong is told elsewhere.
        path = ""
    told = mark_of_test(draft.query, draft.authentication, few, *kept)
    return {"few": few, "test_path": path, "test_told": told}


def mark_of_test(query, authentication, few, *kept):
    """Return what tells whether a test is the one that was told, of whose rows and to whom.

    What is kept can differ from what was told; what is entered comes with it.
    """
    return meanwhile.mark(few.told, query.version, authentication.pk, *kept)


def shown_changes(request, query, authentication, job):
    """Return the form with what was entered so far, without finding fault with it."""
    form = changes_form(request, query, authentication, job)
    if not form.sent:
        return changes_form(request, query, authentication, job, bound=False)
    form.full_clean()
    form.errors.clear()
    return form


def file_of(rows, draft, viewer, changes=None, **more):
    """Return the file of rows as it would be sent, or what keeps it from being made."""
    try:
        start = draft.preview(rows)
        shown = {"names": draft.names(changes), "result_json": draft.result_json(viewer), **more}
        shown["look"] = draft.look(rows)
        shown["problem"] = draft.misses(() if rows is None else rows.columns, viewer)
    except (ExportError, SecretUnreadable) as error:
        return {"problem": str(error), "remedy": getattr(error, "remedy", "")}
    if start is not None:
        shown |= {"start": start, "lines": lines(start), "hex": hexdump(start[:HEX_BYTES])}
        shown["encoded_size"] = draft.encoded_size(start)
    return shown


def chosen(request, query):
    """Return the authentication that was picked, or the query's, where its owner may choose it."""
    given = request.POST if request.method == "POST" else request.GET
    pk = key_of(given.get("authentication") or query.authentication_id)
    return choosable(query).filter(pk=pk).first()


def choosable(query):
    return choosable_by(query.owner, query.authentication_id)


def panel_url(query):
    return f"{reverse('query', args=[query.pk])}?panel=export"
