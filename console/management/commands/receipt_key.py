"""`manage.py receipt_key`: print the public key that checks receipts."""

from django.conf import settings
from django.core.management.base import BaseCommand

from integrations import receipts


class Command(BaseCommand):
    help = "Print the public key that checks this console's receipts, to give to others."
    requires_system_checks = ()

    def handle(self, *args, **options):
        key = receipts.private_key(settings.RECEIPT_KEY).public_key()
        self.stdout.write(receipts.in_pem(key), ending="")
        self.stderr.write(receipts.fingerprint(key))
