"""Seal all stored credentials anew."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from integrations import drafts, secrets
from integrations.management.commands.check_secrets import kinds


class Command(BaseCommand):
    help = (
        "Seal every stored credential with the newest encryption key. Put the new key first, "
        "keep the old ones after it, restart, run this; then the old keys can go."
    )

    def handle(self, *args, **options):
        unreadable = []
        done = [resealed(kind, name, unreadable) for name, kind in reversed(kinds().items())]
        waiting = sum(reseal_draft(*draft) for draft in drafts.tokens())
        self.stdout.write(f"Sealed with the newest key: {', '.join(done)}, {waiting} drafts.")
        for name, each in unreadable:
            self.stderr.write(f"No key opens {name} {each.pk}: {each}")
        if unreadable:
            raise CommandError("Keep the old keys, and restore the missing one.")


def resealed(kind, name, unreadable):
    """Seal all of a kind anew. Return a note of how many that were."""
    keys = list(kind.objects.order_by("pk").values_list("pk", flat=True))
    sealed = sum(reseal(kind, pk, name, unreadable) for pk in keys)
    return f"{sealed} of {len(keys)} {name}s"


def reseal(kind, pk, name, unreadable):
    """Seal one anew; return how many that were. An edit made meanwhile is not lost."""
    with transaction.atomic():
        found = kind.objects.select_for_update().get(pk=pk)
        try:
            found.settings = found.settings
        except secrets.SecretUnreadable:
            unreadable.append((name, found))
            return 0
        found.save(update_fields=["sealed"])
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
