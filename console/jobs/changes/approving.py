"""Which changes wait for a person, and who that may be."""

from django.contrib.auth.models import User

from console.jobs.changes.wishes import Changes
from console.jobs.changes.words import counted, total
from console.models import Job, QueryVersion

TWICE = (
    "Some of these rows may be there already, from a run that broke off or got no answer. {} Where "
    "such a run broke off, retry that one, which sends only the others, and drop this one."
)
SECOND = "A second person has to approve it."


def needs_second(wanted: Changes, compared: dict) -> str:
    """Return why somebody else has to approve, in a sentence, or nothing."""
    rows, before = total(compared), compared["before"]
    sent = f"{rows:,} row{'' if rows == 1 else 's'} would be sent ({counted(compared['sent'])})"
    if wanted.approve_first and compared["why"]:
        return f"It is the first run: {sent}. {SECOND}"
    if wanted.approve_rows and rows > wanted.approve_rows:
        return f"{sent}, more than {wanted.approve_rows:,}. {SECOND}"
    if wanted.approve_percent and before and rows * 100 > before * wanted.approve_percent:
        of_before = f"{wanted.approve_percent}% of the {before:,} delivered rows"
        return f"{sent}, more than {of_before}. {SECOND}"
    return ""


def why_held(job: Job) -> str:
    """Return why the changes of a job wait for a person, in a sentence, or nothing."""
    wanted, compared = Changes.of(job.changes), job.compared
    if compared.get("fixed"):
        return ""  # What was sent once is sent again.
    connector = job.authentication.connector
    return why_waits(wanted, compared, connector({}, job.export).repeated())


def why_waits(wanted: Changes, compared: dict, repeated: str = "") -> str:
    """Return why what was found has to wait for a person, in a sentence, or nothing.

    `repeated` is what comes of rows that are sent a second time.
    """
    if repeated and compared.get("unsure") and total(compared):
        return TWICE.format(repeated)
    return compared["second"] or lost(compared) or compared["doubt"] or wiped(wanted, compared)


def lost(compared):
    if compared["why"] != "lost":
        return ""
    rows = total(compared)
    return (
        f"The file of what was delivered before is missing, so all {rows:,} rows would be sent "
        "as added, and none as removed."
    )


def wiped(wanted, compared):
    removed, before = compared["counts"]["removed"], compared["before"]
    if not (wanted.hold_removed and before) or removed * 100 <= before * wanted.hold_removed:
        return ""
    return (
        f"{removed:,} of the {before:,} delivered rows would be removed, more than "
        f"{wanted.hold_removed}%."
    )


def barred(job: Job) -> set[int]:
    """Return who may not release a job: nobody where anybody may."""
    if not (job.changes and job.compared and job.compared.get("second")):
        return set()
    version = QueryVersion.objects.filter(query=job.query_id, number=job.query_version)
    editors = version.values_list("saved_by", flat=True)
    return {key for key in (job.started_by_id, job.changes.get("by"), *editors) if key}


def may_release(job: Job, user: User) -> bool:
    return user.pk not in barred(job)
