"""Seal all stored credentials anew."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from integrations import drafts, secrets
from integrations.models import Authentication


class Command(BaseCommand):
    help = (
        "Seal every stored credential with the newest encryption key. Put the new key first, "
        "keep the old ones after it, restart, run this; then the old keys can go."
    )

    def handle(self, *args, **options):
        unreadable = []
        sealed = sum(reseal(pk, unreadable) for pk in keys_of_authentications())
        waiting = sum(reseal_draft(*draft) for draft in drafts.tokens())
        self.stdout.write(
            f"Sealed with the newest key: {sealed} of {sealed + len(unreadable)} "
            f"authentications, {waiting} drafts."
        )
        for authentication in unreadable:
            self.stderr.write(f"No key opens authentication {authentication.pk}: {authentication}")
        if unreadable:
            raise CommandError("Keep the old keys, and restore the missing one.")


def keys_of_authentications():
    return Authentication.objects.order_by("pk").values_list("pk", flat=True)


def reseal(pk, unreadable):
    """Seal one anew; return how many that were. An edit made meanwhile is not lost."""
    with transaction.atomic():
        authentication = Authentication.objects.select_for_update().get(pk=pk)
        try:
            authentication.settings = authentication.settings
        except secrets.SecretUnreadable:
            unreadable.append(authentication)
            return 0
        authentication.save(update_fields=["sealed"])
    return 1


def reseal_draft(session, type, token):
    """Seal a draft anew; return how many that were. One that does not open is dropped."""
    waiting = session[drafts.KEY]
    try:
        waiting[type] = secrets.seal(secrets.unseal(token))
    except secrets.SecretUnreadable:
        del waiting[type]
    session[drafts.KEY] = waiting
    session.save()
    return int(type in waiting)
