"""The list of authentications, and the page of one."""

import json

from django.http import Http404
from django.shortcuts import render

from integrations.access import may_edit, may_forget_key, usable_by, usage, visible_to, where_used
from integrations.models import HostKey, SwitchedOff, server_of
from integrations.result import sample
from integrations.secrets import SecretUnreadable
from integrations.settings_form import set_on
from integrations.trials import KEPT, outcome
from integrations.views.addresses import known
from integrations.views.public_keys import pair_of


def listing(request):
    """Show the authentications the user may choose."""
    authentications = list(usable_by(request.user).select_related("owner"))
    used = usage(authentications)
    off = set(SwitchedOff.objects.values_list("type", flat=True))
    rows = [
        {
            "authentication": authentication,
            "used": used.get(authentication.pk),
            "outcome": outcome(authentication.test_steps),
            "editable": may_edit(request.user, authentication),
            "off": authentication.type in off,
        }
        for authentication in authentications
    ]
    return render(request, "integrations/authentications.html", {"rows": rows})


def page(request, pk):
    """Show an authentication: all of it to those who keep it, its name to those who use it."""
    authentication = visible_or_404(request, pk)
    context = {"authentication": authentication, "connector": authentication.connector}
    context |= {"off": SwitchedOff.objects.filter(type=authentication.type).first()}
    if not may_edit(request.user, authentication):
        return render(request, "integrations/authentication_shared.html", context)
    return render(
        request, "integrations/authentication.html", context | details(request.user, authentication)
    )


def details(user, authentication):
    """Return what the owner and the keepers see."""
    context = {
        "used": where_used(authentication),
        **known(),
        "steps": authentication.test_steps,
        "outcome": outcome(authentication.test_steps),
        **history(authentication),
        "groups": authentication.shared_groups.order_by("name"),
        "people": authentication.shared_users.order_by("username"),
    }
    try:
        settings = authentication.settings
    except SecretUnreadable as error:
        return context | {"unreadable": str(error)}
    return context | {
        "fields": list(masked(authentication, settings)),
        **pair_of(authentication.connector, settings),
        "host_key": host_key_of(settings),
        "may_forget": may_forget_key(user, authentication),
        "result": json.dumps(sample_of(authentication, settings), indent=2, ensure_ascii=False),
    }


def history(authentication):
    """Return the tests that are kept, and how many are: the latest of them first."""
    return {"tests": list(authentication.tests.select_related("by")[:KEPT]), "kept": KEPT}


def masked(authentication, settings):
    """Yield (label, value, whether it is a secret) of each setting."""
    return told(authentication.connector.Authentication, settings, authentication.secrets_set)


def told(form, settings, secrets_set):
    """Yield (label, value, whether it is a secret) of the settings that a form declares."""
    secrets = form.secrets()
    for name, field in form().fields.items():
        if name in secrets and settings.get(name):
            yield field.label, set_on(secrets_set.get(name)), True
        elif name not in secrets and name in settings:
            yield field.label, shown(field, settings[name]), False


def shown(field, value):
    """Return the value as the form shows it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dict):  # of a small table
        return "; ".join(
            f"{key}: {', '.join(filter(None, row.values()))}" for key, row in value.items()
        )
    return dict(getattr(field, "choices", ())).get(value, value)


def sample_of(authentication, settings):
    """Return the --result with this authentication and an export of which nothing is said yet."""
    connector = authentication.connector
    export = {
        name: f"your {field.label[:1].lower()}{field.label[1:]}"
        for name, field in connector.Export().fields.items()
        if field.required
        and field.initial is None
        and name not in connector.json_defaults
        and not hasattr(field, "conditions")
    }
    return sample(connector, settings, export)


def host_key_of(settings):
    """Return the pinned key of the server the settings lead to, or None."""
    host, port = server_of(settings)
    return HostKey.objects.filter(host=host, port=port).first()


def visible_or_404(request, pk):
    found = visible_to(request.user).select_related("owner").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def editable_or_404(request, pk):
    found = visible_or_404(request, pk)
    if not may_edit(request.user, found):
        raise Http404
    return found
