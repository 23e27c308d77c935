"""Test connection: of what was just entered, or of what is stored."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from integrations import drafts, threads, trials
from integrations.secrets import SecretUnreadable
from integrations.views.addresses import known
from integrations.views.authentications import editable_or_404, history
from integrations.views.catalog import connector_or_404
from integrations.views.changing import settings_form
from integrations.views.public_keys import pair_of


@require_POST
@sensitive_post_parameters()
def entered(request, type):
    """Test credentials that are not saved yet."""
    connector = connector_or_404(type)
    form = connector.Authentication(request.POST, stored=drafts.beneath(request, type))
    context = tried(form, connector)
    if "trial" in context:
        drafts.keep_test(request, type, form.cleaned_data, context["trial"])
    if request.htmx:
        return render(request, "integrations/_test.html", context)
    drafts.keep(request, type, form.cleaned_data)
    kept = connector.Authentication(request.POST, stored=form.cleaned_data)
    context |= {"connector": connector, "form": kept}
    context |= known() | pair_of(connector, form.cleaned_data)
    context |= {"shown": drafts.mark(request, type)}
    return render(request, "integrations/credentials.html", context)


@require_POST
@sensitive_post_parameters()
def edited(request, pk):
    """Test changes to an authentication that are not saved yet."""
    authentication = editable_or_404(request, pk)
    form = settings_form(authentication, request.POST)
    context = tried(form, authentication.connector)
    if request.htmx:
        return render(request, "integrations/_test.html", context)
    context |= {"authentication": authentication, "connector": authentication.connector}
    context |= {"form": form, "opened": request.POST.get("opened", "")}
    return render(request, "integrations/edit.html", context)


@require_POST
def stored(request, pk):
    """Test a stored authentication."""
    authentication = editable_or_404(request, pk)
    try:
        steps = trials.run_stored(authentication, request.user)
    except (SecretUnreadable, threads.Busy) as error:
        return untested(request, authentication, error)
    if not request.htmx:
        return redirect(f"{authentication.get_absolute_url()}#test")
    context = {
        "steps": steps,
        "outcome": trials.outcome(steps),
        "authentication": authentication,
    }
    return render(request, "integrations/_tested.html", context | history(authentication))


def untested(request, authentication, error):
    """Say why a stored authentication was not tested."""
    if request.htmx and isinstance(error, threads.Busy):
        return render(request, "integrations/_test.html", {"busy": error})
    messages.error(request, str(error))
    return redirect(authentication)


def tried(form, connector):
    """Return what came of the test, or what is still missing for one."""
    if not form.is_valid():
        return {"missing": [form[name] for name in form.errors]}
    try:
        trial = trials.timed(connector, form.cleaned_data)
    except threads.Busy as error:
        return {"busy": error}
    return {"trial": trial, "steps": trial.steps, "outcome": trials.outcome(trial.steps)}
