"""A job's log: sentences that a person reads, without the secrets of its authentication."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote

from console.models import Job, JobLine
from integrations.models import Authentication
from integrations.secrets import SecretUnreadable

HIDDEN = "***"
LATEST = 10  # lines among which that of the error is
SHORTEST = 3  # A shorter secret is found in too many innocent words.


def write(job: Job, text: str) -> None:
    JobLine.objects.create(job=job, text=redacted(job, text))


def redacted(job: Job, text: str) -> str:
    """Return a text without the secret values of the job's authentication."""
    for secret in secret_texts(job.authentication) if job.authentication else ():
        text = text.replace(secret, HIDDEN)
    return text


def in_full(job: Job) -> str:
    """Return the error of a job with the values that only its log has."""
    if "…" not in job.error:
        return job.error
    parts = re.escape(job.error).replace("…", ".*")
    lines = job.lines.order_by("-pk").values_list("text", flat=True)[:LATEST]
    found = (line for line in lines if re.fullmatch(parts, line, re.DOTALL))
    return next(found, job.error)


def secret_texts(authentication: Authentication) -> list[str]:
    """Return the secrets in the ways that libraries write them, the longest first."""
    try:
        values = authentication.settings
    except SecretUnreadable:
        return []
    names = authentication.connector.Authentication.secrets()
    secrets = [str(values.get(name) or "") for name in names]
    lines = [line for secret in secrets for line in (secret, *secret.splitlines())]
    texts = {form(line) for line in lines for form in FORMS if len(line) >= SHORTEST}
    return sorted(texts, key=len, reverse=True)


FORMS: tuple[Callable[[str], str], ...] = (
    str,
    quote,
    lambda text: quote(text, safe=""),
    lambda text: json.dumps(text)[1:-1],
    lambda text: repr(text)[1:-1],
)
