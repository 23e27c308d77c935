"""What a webhook is sent: an event as JSON, or as a message for Slack."""

import json
from uuid import uuid4

from django.utils import timezone

from console.models import Job, Notice, Query
from console.notifications.wording import address, opening, paused
from integrations.models import Webhook

Kind = Notice.Kind
TYPES = {
    Kind.FAILED: "run.failed",
    Kind.STILL_FAILING: "run.still_failing",
    Kind.RECOVERED: "run.recovered",
    Kind.SUCCEEDED: "run.succeeded",
    Kind.SKIPPED: "run.skipped",
    Kind.HELD: "run.held",
    Kind.PAUSED: "schedule.paused",
    Kind.TEST: "test",
    Kind.ALARM: "console.alarm",
    Kind.OVER: "console.over",
}
MOST_TEXT = 3000  # characters of a message that Slack shows whole
PLAIN = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})  # as Slack asks for


def event(kind: str, **data) -> dict:
    """Return an event with an identity of its own, which stays the same at each attempt."""
    at = timezone.now().isoformat(timespec="milliseconds")
    return {"id": f"msg_{uuid4().hex}", "type": TYPES[kind], "timestamp": at, "data": data}


def event_of(kind: str, job: Job, why: str = "") -> dict:
    """Return what happened to a job."""
    return event(
        kind,
        sentence=opening(kind, job, why),
        query=of_query(job.query),
        job={"id": job.pk, "url": address(job)},
        slot=job.slot.isoformat(),
        timezone=job.timezone,
        status=job.status,
        destination=job.authentication and str(job.authentication),
        **delivered(job),
        rejected=job.rejected,
        error=job.error,
        remedy=job.remedy,
    )


def stop_event(query: Query, why: str) -> dict:
    """Return that a schedule was paused with no job to blame."""
    return event(Kind.PAUSED, sentence=paused(query.name, why), query=of_query(query), job=None)


def of_query(query: Query) -> dict:
    return {"id": query.pk, "name": query.name, "url": address(query)}


def delivered(job):
    """Return how much it was. What failed delivered nothing, or nobody counted it."""
    if job.may_be_in_part:
        return {"rows": None, "bytes": job.sent_bytes, "files": []}
    if job.status != Job.Status.SUCCESS:
        return {"rows": 0, "bytes": 0, "files": []}
    if job.receipt is None:
        return {"rows": job.rows, "bytes": 0, "files": []}
    files = [
        {name: file[name] for name in ("path", "rows", "bytes", "sha256")}
        for file in job.receipt["files"]
    ]
    much = {"rows": job.receipt["rows"], "bytes": job.receipt["bytes"], "files": files}
    if "changes" in job.receipt:
        much["changes"] = job.receipt["changes"]["sent"]
    return much


def body_of(notice: Notice, shape: str) -> bytes:
    """Return the bytes to send, the same at each attempt."""
    if shape == Webhook.Shape.SIGNED:
        return json.dumps(notice.event, sort_keys=True, ensure_ascii=False).encode()
    return json.dumps({"text": slack_text(notice)}, ensure_ascii=False).encode()


def slack_text(notice):
    """Return the message in Slack's own marks, which others that take the same shape know too."""
    subject, body = (text.translate(PLAIN) for text in (notice.subject, notice.body.strip()))
    text = f"*{subject}*\n{body}"
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"
