"""What a message says: what happened, what was delivered and what was not, what to do."""

from zoneinfo import ZoneInfo

from django.conf import settings

from console.models import Job, Notice, Query
from console.notifications.reach import reachable

SUBJECTS = {
    Notice.Kind.FAILED: "Failed: {}",
    Notice.Kind.STILL_FAILING: "Still failing: {}",
    Notice.Kind.RECOVERED: "Works again: {}",
    Notice.Kind.SUCCEEDED: "Done: {}",
    Notice.Kind.SKIPPED: "No rows: {}",
    Notice.Kind.HELD: "Waits for you: {}",
    Notice.Kind.PAUSED: "Paused: {}",
}
IN_PART = (
    "Some of the rows may have been delivered before it ended; the page of the job tells how "
    "many. Where the job is retried, none that the receiver answered for is sent again."
)
ONCE_A_DAY = {
    Notice.Kind.STILL_FAILING: "This message comes once a day for as long as it fails.",
    Notice.Kind.SKIPPED: "This message comes once a day at most.",
    Notice.Kind.HELD: "While it is, you hear of further runs that are held once a day at most.",
}
RELEASE = "Release it or drop it on the page of the job. Until then nothing of it is sent."


def worded(kind: str, job: Job, why: str = "") -> tuple[str, str]:
    """Return subject and text of a message about the end of a job."""
    name = " ".join(job.name.split())
    parts = [opening(kind, job, why), delivered(job), rejected(job)]
    if job.error:
        parts += [f"What happened: {job.error}", job.remedy and f"What to do: {job.remedy}"]
    if kind == Notice.Kind.PAUSED:
        parts.append(f"Mend it and resume the schedule: {address(job.query)}?panel=schedule")
    if kind == Notice.Kind.HELD:
        parts.append(RELEASE)
    parts.append(ONCE_A_DAY.get(kind))
    parts.append(f"The job, with its log: {address(job)}")
    parts.append(job.query and in_place_of(job.query.owner))
    return SUBJECTS[kind].format(name), "\n\n".join(filter(None, parts)) + "\n"


def stopped(query: Query, why: str) -> tuple[str, str]:
    """Return subject and text of a message that a schedule was paused without a run of it."""
    name = " ".join(query.name.split())
    parts = [paused(query.name, why), f"Its schedule: {address(query)}?panel=schedule"]
    parts.append(in_place_of(query.owner))
    return SUBJECTS[Notice.Kind.PAUSED].format(name), "\n\n".join(filter(None, parts)) + "\n"


def paused(name, why):
    return f"The schedule of {name} was paused: {why} It starts nothing until it is resumed."


def in_place_of(owner):
    """Return why administrators hear of it, where mail does not reach the owner."""
    if reachable(owner):
        return ""
    why = "has no e-mail address" if owner.is_active else "was deactivated"
    return f"{owner}, the owner, {why}: administrators hear of failures instead."


def opening(kind, job, why):
    if kind == Notice.Kind.PAUSED:
        return paused(job.name, why)
    if kind == Notice.Kind.HELD:
        return f"The run of {job.name} for {slot(job)} is held. {job.held_because}"
    went = "failed" if job.status == Job.Status.ERROR else "went well"
    again = {Notice.Kind.STILL_FAILING: " again", Notice.Kind.RECOVERED: " again"}.get(kind, "")
    return f"The run of {job.name} for {slot(job)} {went}{again}."


def slot(job):
    return f"{job.slot.astimezone(ZoneInfo(job.timezone)):%a %d %b %Y %H:%M} ({job.timezone})"


def delivered(job):
    if job.builds:
        went = job.status == Job.Status.SUCCESS
        return "Its tables were made anew." if went else "Its tables stay as they were."
    if job.export is None:
        return "It has no export, so nothing was to be delivered."
    if job.may_be_in_part:
        return IN_PART
    if job.status != Job.Status.SUCCESS:
        return "Nothing was delivered by this run."
    if skipped := job.receipt.get("skipped"):
        return f"Nothing was sent: {skipped}"
    files = [f"{file['path']} ({file['bytes']:,} bytes)" for file in job.receipt["files"]]
    to = f"Delivered {counted(job.receipt['rows'])} to {job.authentication}"
    as_files = f"{to}: {', '.join(files)}." if files else f"{to}."
    return " ".join(filter(None, (as_files, job.receipt.get("summary"), changes(job.receipt))))


def changes(receipt):
    """Return what became of the rows that were sent, where only changes are."""
    if "changes" not in receipt:
        return ""
    sent = receipt["changes"]["sent"]
    told = (f"{sent[name]:,} {name}" for name in ("added", "changed", "removed"))
    return f"Changes since the run before: {', '.join(told)}."


def rejected(job):
    """Return how many rows were left out, if any."""
    if not job.rejected:
        return ""
    was = "was" if job.rejected == 1 else "were"
    where = "the page of the job lists them with the reason of each"
    return f"{counted(job.rejected).capitalize()} {was} rejected and not delivered: {where}."


def counted(rows):
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def address(thing):
    return f"{settings.PUBLIC_URL}{thing.get_absolute_url()}"
