"""The webhook in the schedule panel: a test of it, and another secret."""

from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from console.forms.webhooks import WebhookForm
from console.queries.access import visible_work
from console.queries.webhooks import SHOWN, new_secret, try_out
from console.views.queries import visible_runner
from integrations.errors import ExportError
from integrations.models import Webhook
from integrations.secrets import SecretUnreadable


def webhook_context(query, form=None, secret=""):
    """Return what the part of the panel shows. The address is not among it."""
    sent = query.webhook.notices.select_related("job")[:SHOWN] if query.webhook else ()
    return {
        "webhook_form": form or WebhookForm(stored=query.webhook),
        "webhook_secret": secret,
        "webhook_messages": sent,
    }


@require_POST
@sensitive_post_parameters()
def test_webhook(request, pk):
    """Send a message that only says that the webhook works, and show the answer."""
    query = visible_runner(request, pk)
    form = WebhookForm(request.POST, stored=query.webhook)
    context = {"query": query} | tried(query, form)
    if request.htmx:
        return render(request, "console/_webhook_test.html", context)
    return render(request, "console/webhook.html", context)


def tried(query, form):
    """Return the answer to a test, or why there is none."""
    if form.sent and not form.is_valid():
        return {"wrong": " ".join(error for errors in form.errors.values() for error in errors)}
    entered = form.cleaned_data if form.sent else form.initial
    entered = {name: entered.get(name, "") for name in ("url", "shape")}
    try:
        reply = try_out(query, **entered)
    except (ExportError, SecretUnreadable) as error:
        return {"wrong": str(error), "remedy": getattr(error, "remedy", "")}
    remedy = "" if reply.succeeded else reply.refusal().remedy
    return {"reply": reply, "remedy": remedy}


@require_POST
def replace_webhook_secret(request, pk):
    """Show a new secret, this once."""
    signed = visible_work(request.user).filter(webhook__shape=Webhook.Shape.SIGNED)
    query = get_object_or_404(signed, pk=pk)
    if not query.webhook.readable:
        return redirect(f"{query.get_absolute_url()}?panel=schedule")
    context = {"query": query} | webhook_context(query, secret=new_secret(query))
    if request.htmx:
        return render(request, "console/_schedule_webhook.html", context)
    return render(request, "console/webhook.html", context)
