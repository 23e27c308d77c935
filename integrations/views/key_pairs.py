"""Make a key pair for an authentication: one that is being entered, or one that is stored."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from integrations import drafts
from integrations.secrets import SecretUnreadable
from integrations.settings_form import conditions_of
from integrations.transports.key_pairs import KINDS, new_private_key
from integrations.views.authentications import editable_or_404
from integrations.views.catalog import connector_or_404
from integrations.views.returning import with_next

MADE = "A new key pair is made. Hand the public key to the operator of the server."


@require_POST
@sensitive_post_parameters()
def drafted(request, type):
    """Put a new private key into the credentials that are not saved yet."""
    connector = connector_or_404(type)
    key = wanted_key(request, connector)
    form = connector.Authentication(request.POST, stored=drafts.beneath(request, type))
    form.full_clean()
    drafts.keep(request, type, with_key(connector, drafts.typed(form) | form.cleaned_data, key))
    messages.success(request, MADE)
    return redirect(with_next("new-authentication", request, type))


@require_POST
def replaced(request, pk):
    """Put a new private key in the place of the stored one."""
    authentication = editable_or_404(request, pk)
    key = wanted_key(request, authentication.connector)
    try:
        settings = with_key(authentication.connector, authentication.settings, key)
    except SecretUnreadable as error:
        messages.error(request, str(error))
        return redirect(authentication)
    authentication.replace_settings(settings)
    authentication.save()
    messages.success(request, MADE)
    return redirect(authentication)


def wanted_key(request, connector):
    """Return a new private key of the kind that was chosen."""
    kind = request.POST.get("key_kind", "")
    if not connector.key_pair or kind not in KINDS:
        raise Http404
    return new_private_key(kind)


def with_key(connector, settings, key):
    """Return the settings of a log-in with the key, which has no passphrase."""
    field, passphrase = connector.key_pair
    asked_for = conditions_of(connector.Authentication.base_fields[field])
    return settings | dict(asked_for) | {field: key, passphrase: ""}
