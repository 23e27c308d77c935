"""The receipt of a job: what was delivered, from what, when and by which version, and signed."""

from dataclasses import asdict

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.utils import timezone

from console import VERSION
from console.jobs.changes.wishes import Changes
from console.jobs.ending import JobError
from console.jobs.querying import slot_of
from console.models import Job
from integrations import receipts
from integrations.connectors.receipt import Receipt

# What tells rows apart in a file, so that whoever has it can count them, and what else it is like.
FORMAT = ("format", "header_line", "delimiter", "quote_policy", "quote", "newline", "encoders")
FORMAT += ("null_string", "gz_level", "key_identifier", "armor", "compression_type")


def signing_key() -> Ed25519PrivateKey:
    """Return the key that signs receipts. Raise JobError where there is none to be had."""
    try:
        return receipts.private_key(settings.RECEIPT_KEY)
    except ValueError:
        raise JobError(
            "The key that signs receipts cannot be read, so nothing was sent.",
            remedy="An administrator puts it back: CONSOLE_RECEIPT_KEY, or keys/receipt_key of "
            "the console's home.",
        ) from None


def signed(job: Job, receipt: Receipt, seconds: dict, key: Ed25519PrivateKey) -> dict:
    """Return the receipt as it is kept, shown and handed out."""
    body = asdict(receipt) | {
        "job": job.pk,
        "name": job.name,
        "slot": slot_of(job).isoformat(),
        "delivered_at": timezone.now().isoformat(),
        "attempt": job.attempt,
        "owner": job.owner.username,
        "destination": destination_of(job),
        "released_by": job.released_by.username if job.released_by else None,
        "query_version": job.query_version,
        "format": format_of(job),
        "settings_sha256": receipts.digest(job.export),
        "console_version": VERSION,
        "phases": seconds,
    }
    if job.test:
        body["test"] = True
    if job.changes is not None:
        body["changes"] = changes_told(job)
    return receipts.sealed(body, key)


def destination_of(job):
    """Return where the rows went, as it was at the time."""
    kept = job.authentication
    connector = kept.connector(kept.settings, job.export)
    return {
        "connector": kept.type,
        "authentication": kept.pk,
        "name": str(kept),
        "address": connector.address(),
    }


def changes_told(job):
    """Return how what was sent differs from what was delivered before."""
    told = {name: job.compared[name] for name in ("counts", "sent", "against", "before")}
    wanted = Changes.of(job.changes)
    return told | {name: getattr(wanted, name) for name in ("key", "tell", "column", "words")}


def format_of(job):
    """Return what tells rows apart in the file that the job wrote, if it was one."""
    connector = job.authentication.connector({}, job.export)
    written = connector.file_settings() if hasattr(connector, "file_settings") else job.export
    return {name: written[name] for name in FORMAT if name in written}
