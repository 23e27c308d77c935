"""Create Authentication: credentials, then a name."""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from integrations import drafts, trials
from integrations.forms import NamingForm
from integrations.models import Authentication
from integrations.views.addresses import known
from integrations.views.catalog import connector_or_404, while_on
from integrations.views.public_keys import pair_of
from integrations.views.returning import after, next_of, with_next

ANOTHER_DRAFT = (
    "Nothing is saved: other credentials were entered in another tab meanwhile. Those are shown "
    "here. Enter the ones that you want to save."
)


@while_on
@sensitive_post_parameters()
def credentials(request, type):
    """Ask for the credentials; what was entered waits sealed until the last step."""
    connector = connector_or_404(type)
    if request.method == "POST" and "start_over" in request.POST:
        drafts.drop(request, type)
        return redirect(with_next("new-authentication", request, type))
    draft = drafts.beneath(request, type)
    posted = request.POST if request.method == "POST" else None
    form = connector.Authentication(posted, stored=draft)
    status = 200
    if request.method == "POST":
        valid = form.is_valid()
        # Valid secrets need not be entered again because another field was wrong.
        drafts.keep(request, type, drafts.typed(form) | form.cleaned_data)
        if valid:
            return redirect(with_next("name-authentication", request, type))
        form, status = again(connector, request, form), 422
    begun = drafts.says_something(connector, draft)
    context = {"connector": connector, "form": form, "begun": begun, "next": next_of(request)}
    context |= known() | pair_of(connector, draft) | {"shown": drafts.mark(request, type)}
    return render(request, "integrations/credentials.html", context, status=status)


def again(connector, request, form):
    """Return the form with its errors, which says of the entered secrets that they are kept."""
    kept = connector.Authentication(request.POST, stored=form.cleaned_data)
    kept.full_clean()
    return kept


@while_on
def name(request, type):
    """Ask for the name, and who else may use the authentication; Done saves it."""
    connector = connector_or_404(type)
    draft = drafts.entered(request, type)
    if not connector.Authentication(draft, stored=draft).is_valid():
        return redirect(with_next("new-authentication", request, type))
    shown = drafts.mark(request, type)
    if request.POST.get("shown", shown) != shown:
        messages.error(request, ANOTHER_DRAFT)
        return redirect(with_next("new-authentication", request, type))
    authentication = Authentication(type=type, owner=request.user)
    form = NamingForm(request.POST or None, instance=authentication)
    if form.is_valid():
        authentication.replace_settings(draft)
        save_tested(form, drafts.test_of(request, type, draft), request.user)
        drafts.drop(request, type)
        messages.success(request, f"{authentication.name} is saved.")
        return redirect(after(request, authentication))
    context = {"connector": connector, "form": form, "next": next_of(request), "shown": shown}
    context |= {"address": connector(draft).address(), "account": draft.get(connector.logs_in_as)}
    status = 422 if form.is_bound else 200
    return render(request, "integrations/name.html", context, status=status)


@transaction.atomic
def save_tested(form, trial, by):
    """Save a new authentication, with the test that was made of it before, if one was."""
    if trial:
        form.instance.tested_at, form.instance.test_steps = trial.at, trial.steps
    saved = form.save()
    if trial:
        trials.note(saved, trial, by)
