"""`manage.py verify_receipt`: check a receipt, and files against it, without any network."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations import receipts
from integrations.receipts.content import check_file

OWN = (
    " It was checked with the key of the console in {}: for another console's receipt set "
    "CONSOLE_HOME, or give its --public-key."
)


class Command(BaseCommand):
    help = "Check the signature of a receipt, and the size, SHA-256 and rows of delivered files."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("receipt", type=Path, help="the file downloaded from the job's page")
        parser.add_argument("files", nargs="*", type=Path, help="delivered files to compare")
        parser.add_argument(
            "--public-key",
            type=Path,
            metavar="FILE",
            help="the key in PEM, as receipt_key prints it (default: this console's own)",
        )

    def handle(self, *, receipt, files, **options):
        key = key_to_check_with(options["public_key"])
        try:
            known = receipts.genuine(content(receipt), key)
        except receipts.BadReceipt as bad:
            own = "" if options["public_key"] else OWN.format(settings.HOME)
            raise CommandError(f"{receipt} is not a genuine receipt. {bad}{own}") from None
        signer, test = known["signed_by"], ", a test" if known.get("test") else ""
        said = f"the receipt of job {known['job']}{test}, by {signer}."
        self.stdout.write(f"{receipt} is genuine: {said}")
        for file in files:
            try:
                self.stdout.write(f"{file} is genuine. {check_file(file, known)}")
            except receipts.BadReceipt as bad:
                raise CommandError(f"{file} is not the file that was delivered. {bad}") from None


def key_to_check_with(path):
    if path is None:
        return receipts.private_key(settings.RECEIPT_KEY).public_key()
    try:
        return receipts.public_key(content(path))
    except ValueError:
        raise CommandError(f"{path} is not a public key of Ed25519 in PEM.") from None


def content(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read ({error.strerror}).") from None
