"""The webhook of a query through its life: kept, tried, given another secret, removed."""

from django.db import transaction
from django.utils import timezone

from console.models import Query
from console.notifications import Target, try_webhook
from integrations.errors import PermanentError
from integrations.models import Webhook
from integrations.transports.http import Reply

SHOWN = 3  # of the latest messages


@transaction.atomic
def keep_webhook(
    query: Query, *, url: str, shape: str, on_success: bool = False, remove: bool = False
) -> str:
    """Keep where the query's messages go. Return the secret where one was made."""
    webhook = query.webhook
    if remove or not (webhook or url):
        remove_webhook(query)
        return ""
    webhook = webhook or Webhook()
    kept = webhook.settings if webhook.readable else {}
    webhook.settings = kept | ({"url": url} if url else {})
    webhook.shape, webhook.on_success = shape, on_success
    made = shape == Webhook.Shape.SIGNED and "secret" not in kept
    secret = webhook.replace_secret() if made else ""
    webhook.save()
    query.webhook = webhook
    query.save(update_fields=["webhook"])
    return secret


def remove_webhook(query: Query) -> None:
    """Forget the webhook, with the messages that wait for it."""
    webhook, query.webhook = query.webhook, None
    if webhook:
        query.save(update_fields=["webhook"])
        webhook.delete()


@transaction.atomic
def new_secret(query: Query) -> str:
    """Return a new secret. What was signed with until now signs for one more day."""
    webhook = Webhook.objects.select_for_update().get(pk=query.webhook_id)
    secret = webhook.replace_secret()
    webhook.save()
    query.webhook = webhook
    return secret


def try_out(query: Query, *, url: str, shape: str) -> Reply:
    """Send a test to the address that was entered, or to the one there is. Raise ExportError."""
    webhook = query.webhook
    url = url or (webhook.settings["url"] if webhook else "")
    if not url:
        raise PermanentError("There is no address to send to.", remedy="Enter it first.")
    if shape != Webhook.Shape.SIGNED:
        return try_webhook(query, Target(url, shape))
    if not webhook or "secret" not in webhook.settings:
        raise PermanentError(
            "There is no secret to sign with yet.",
            remedy="It is made when you press Done: copy it then, and send a test after that.",
        )
    return try_webhook(query, Target(url, shape, webhook.secrets(timezone.now())))
