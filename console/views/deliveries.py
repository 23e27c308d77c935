"""Who got what: look an identifier up in all deliveries."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.access import PRIVACY, is_admin, may_look_up
from console.deliveries.asking import BadIdentifier
from console.deliveries.keys import LogKeyUnreadable, given_up
from console.deliveries.looking_up import begin, go_on, left_of, logged_since, matches_of
from console.deliveries.searching import DAMAGED
from console.forms.deliveries import LookUpForm
from console.jobs.results import csv_of
from console.models import LookUp
from console.queries.access import visible_jobs

PAGE = 50
KEY_REMEDY = "Ask an administrator to bring the encryption key back."
BARRED = (
    "You need the permission to look up who got what. "
    f"An administrator can put you into the group {PRIVACY}, which has it."
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = [
    *["delivered_at", "status", "job", "query", "activation_id", "activation_name"],
    *["segment_id", "segment_name", "audience_id", "audience_name"],
    *["integration_type", "connection", "destination", "carried_in", "exported_attributes"],
]


def check(user):
    if not may_look_up(user):
        raise PermissionDenied(BARRED)


@sensitive_post_parameters("identifier")
@require_http_methods(["GET", "POST"])
def who_got_what(request):
    """Ask for an identifier. It is posted, so that it stands in no address and in no log."""
    check(request.user)
    form = LookUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = looked_up(request, form)
        if made:
            return redirect(made)
    context = {
        "form": form,
        "since": logged_since(),
        "days": settings.DELIVERY_LOG.days,
        "given_up": given_up(),
        "admin": is_admin(request.user),
        "page": look_ups(request),
    }
    status = 422 if form.is_bound else 200
    return render(request, "console/who_got_what.html", context, status=status)


def looked_up(request, form):
    try:
        return begin(form.cleaned_data["identifier"], request.user)
    except BadIdentifier as error:
        form.add_error("identifier", str(error))
    except LogKeyUnreadable as error:
        form.add_error("identifier", f"{error} {KEY_REMEDY}")
    return None


def look_ups(request):
    """Return who looked what up: an administrator sees everybody's."""
    found = LookUp.objects.select_related("by")
    if not is_admin(request.user):
        found = found.filter(by=request.user)
    return Paginator(found, PAGE).get_page(request.GET.get("page"))


def own_look_up(request, pk):
    """Return a look-up of the person; what others looked up is theirs."""
    check(request.user)
    return get_object_or_404(LookUp, pk=pk, by=request.user)


@require_GET
def look_up(request, pk):
    """Show what was found so far; the page goes on by itself until all was looked through."""
    found = own_look_up(request, pk)
    return render(request, "console/look_up.html", context_of(request, found))


@require_POST
def look_on(request, pk):
    """Look through some more deliveries."""
    found = go_on(own_look_up(request, pk))
    if not request.htmx:
        return redirect(found)
    return render(request, "console/_look_up.html", context_of(request, found))


def context_of(request, found):
    known = matches_of(found)
    matches = [match for match in known if match.status != DAMAGED]
    jobs = [match.delivery.job_id for match in matches]
    return {
        "look_up": found,
        "matches": matches,
        "damaged": [match.delivery.job_id for match in known if match.status == DAMAGED],
        "left": left_of(found),
        "since": logged_since(),
        "given_up": given_up(),
        "visible": set(visible_jobs(request.user).filter(pk__in=jobs).values_list("pk", flat=True)),
    }


@require_GET
def as_csv(request, pk):
    """Send what was found as CSV."""
    found = own_look_up(request, pk)
    if not found.done:
        raise Http404
    lines = [COLUMNS, *map(line_of, matches_of(found))]
    response = StreamingHttpResponse([csv_of(lines)], content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="deliveries-{pk}.csv"'
    return response


def line_of(match):
    delivery, job = match.delivery, match.delivery.job
    about = job.about or {}
    cells = [
        *[delivery.at.isoformat(), match.status, job.pk, job.name],
        *(about.get(name, "") for name in COLUMNS[4:10]),
        job.authentication.type if job.authentication else "",
        str(job.authentication or ""),
        destination(job),
        match.what,
        ", ".join(delivery.attributes),
    ]
    return list(map(no_formula, cells))


def no_formula(cell):
    """Return the cell so that a spreadsheet shows it: names of others could begin a formula."""
    return f"'{cell}" if str(cell).startswith(FORMULA) else cell


def destination(job):
    """Return where it went: the paths of files, or the sentence of the receipt."""
    receipt = job.receipt or {}
    return ", ".join(file["path"] for file in receipt.get("files", ())) or receipt.get(
        "summary", ""
    )
