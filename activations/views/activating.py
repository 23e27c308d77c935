"""Create Activation, and editing one: the page, what is entered meanwhile, saving."""

from hashlib import sha256
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from activations.activating import saving
from activations.activating.access import may_change, visible_activations
from activations.activating.life import run_now
from activations.activating.refusals import NotSaved, NotYours
from activations.activating.templates import initial
from activations.forms.activating import ActivationForms
from activations.models import Activation
from activations.rules.audience import KEY
from activations.segments.declaration import attributes, behaviors
from activations.segments.folders import path_of
from activations.segments.usable import audience_for
from activations.views.segments import segment_of
from console.models import Query
from console.notifications import mail_is_set_up
from console.queries.access import visible_jobs
from console.views.keys import key_of

ELSEWHERE = "activation-draft"  # what was entered, while an authentication is created
SAVED_SECONDS = 3600  # for so long a form that is sent twice is known
SAVING = ("save", "run")


@require_http_methods(["GET", "POST"])
def new_activation(request, parent, pk):
    """Show the form of a new activation of a segment; save what it sends."""
    return edited(request, new_of(request, segment_of(request, parent, pk)))


@require_http_methods(["GET", "POST"])
def edit_activation(request, pk):
    """Show an activation in the same form."""
    return edited(request, changeable(request, pk))


def new_of(request, segment) -> Activation:
    """Return a new activation, set up as the template in the address says, if there is one."""
    key = key_of(request.GET.get("template"))
    if template := segment.parent_segment.templates.filter(pk=key).first():
        return initial(template, segment, request.user)
    return Activation(segment=segment, query=Query(owner=request.user))


def changeable(request, pk) -> Activation:
    """Return an activation that the user may change, or answer 404 or 403."""
    found = get_object_or_404(visible_activations(request.user), pk=pk)
    if not may_change(request.user, found):
        raise PermissionDenied(str(NotYours(found)))
    return found


def edited(request, activation):
    if request.method == "GET":
        return page(request, opened(request, activation))
    if "elsewhere" in request.POST:
        return elsewhere(request)
    if not any(button in request.POST for button in SAVING):
        return page(request, forms_of(request, activation, request.POST, lenient=True))
    forms = forms_of(request, activation, request.POST)
    if not forms.is_valid():
        return page(request, forms, 422)
    return kept(request, forms)


def opened(request, activation):
    """Return the forms as they are saved, or as they were before an authentication was created."""
    chosen = request.GET.get("authentication")
    kept = request.session.pop(ELSEWHERE, None) if "resume" in request.GET else None
    if kept is None or kept["path"] != request.path:
        return forms_of(request, activation, chosen=chosen)
    return forms_of(request, activation, QueryDict(kept["sent"]), chosen=chosen, lenient=True)


def forms_of(request, activation, data=None, **how):
    return ActivationForms(activation, data, viewer=request.user, **how)


def elsewhere(request):
    """Keep what was entered, and go where an authentication is created; Done leads back here."""
    sent = request.POST.copy()
    sent.pop("csrfmiddlewaretoken", None)
    request.session[ELSEWHERE] = {"path": request.path, "sent": sent.urlencode()}
    params = request.GET.copy()
    params["resume"] = "yes"
    back = urlencode({"next": f"{request.path}?{params.urlencode()}"})
    return redirect(f"{reverse('catalog')}?{back}")


def kept(request, forms):
    """Save an activation that has no faults of its own, once for each time that it was sent."""
    if before := saved_before(request):
        return redirect(before)
    new = forms.activation.pk is None
    try:
        made, job, started = save(request, forms)
    except NotSaved as error:
        if before := saved_before(request):  # The second click waited for the first one.
            return redirect(before)
        if new:
            forms.activation.pk = None  # What was begun is rolled back.
        forms.refuse(error)
        return page(request, forms, 422)
    messages.success(request, told(made, job, started, new))
    return redirect(saved_before(request) or made)


def save(request, forms):
    """Save, and start a run where that is asked for and none is under way. Note where to go on."""
    with transaction.atomic():
        made = saving.save(forms.activation, by=request.user, **forms.saved_with(request.user))
        job, started = run_now(made, request.user) if "run" in request.POST else (None, False)
    shown = job and visible_jobs(request.user).filter(pk=job.pk).exists()
    address = (job if shown else made).get_absolute_url()
    cache.set(token_of(request), address, SAVED_SECONDS)
    return made, job, started


def told(made, job, started, new):
    """Say what was done."""
    text = f"“{made.name}” is {'created' if new else 'saved'}."
    if started:
        return f"{text} Job {job.pk} has started."
    if job:
        return f"{text} Job {job.pk} is under way still, as it was before: run it again after that."
    return text


def saved_before(request):
    """Return where the same form led to when it was sent before."""
    return cache.get(token_of(request)) if request.POST.get("token") else None


def token_of(request):
    """Return what tells a form that is sent twice from one that was changed in between."""
    sent = sha256(urlencode(sorted(request.POST.lists()), doseq=True).encode())
    return f"activation-{request.user.pk}-{sent.hexdigest()}"


def page(request, forms, status=200):
    activation = forms.activation
    segment = activation.segment
    parent, owner = segment.parent_segment, activation.query.owner
    audience = audience_for(parent, owner)
    kept = Activation.objects.filter(pk=activation.pk).first() if activation.pk else None
    context = {
        "forms": forms,
        "activation": kept,
        "segment": segment,
        "parent": parent,
        "path": path_of(segment.folder),
        "owner": owner,
        "declaration": declared(parent, audience),
        "refreshed": audience is not None,
        "mail": mail_is_set_up(),
        "page": uuid4().hex,
        "back": (kept or segment).get_absolute_url(),
        **settings_context(forms),
    }
    return render(request, "activations/activation_edit.html", context, status=status)


def settings_context(forms):
    """Return what the settings of the connector are drawn with."""
    if forms.draft is None:
        return {"chosen": None}
    return {
        "chosen": forms.authentication,
        "draft": forms.draft,
        "export_form": forms.export_form,
        "changes_form": forms.changes if forms.details.is_bound else forms.shown_changes(),
    }


def declared(parent, audience):
    """Return what the output mapping can choose from, for the owner of the activation."""
    if audience is None:
        return {"attributes": [], "behaviors": []}
    found = {"attributes": attributes(parent, audience), "behaviors": behaviors(audience)}
    return found | {"key": {"name": KEY, "kind": "string", "group": ""}}
