"""What the pages share: links of the rail, statuses, sizes, durations, times."""

from datetime import datetime

from django import template
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince, timeuntil

from console.access import may_look_up
from console.jobs.retrying import question

register = template.Library()

NOTHING = "—"

# area → (URL name, label, icon); a page that is not there yet has no link.
AREAS = {
    "": [("home", "Home", "home")],
    "Integrations Hub": [
        ("catalog", "Catalog", "squares-2x2"),
        ("authentications", "Authentications", "key"),
        ("addresses", "Addresses", "globe-alt"),
        ("sandbox", "Sandbox", "inbox-arrow-down"),
    ],
    "Data Workbench": [
        ("databases", "Databases", "circle-stack"),
        ("parent-segments", "Parent Segments", "users"),
        ("queries", "Queries", "command-line"),
        ("jobs", "Jobs", "clock"),
    ],
    "Audience Studio": [
        ("segments", "Segments", "user-group"),
        ("activations", "Activations", "paper-airplane"),
        ("who-got-what", "Who got what", "magnifying-glass"),
    ],
}
ADMINISTRATION = {"Administration": [("admin:index", "Django admin", "shield-check")]}

# status → (class, symbol, word): never colour alone
STATUSES = {
    "queued": ("muted", "◌", "Queued"),
    "booting": ("muted", "◌", "Starting"),
    "running": ("run", "▶", "Running"),
    "success": ("ok", "●", "Success"),
    "error": ("bad", "▲", "Failed"),
    "killed": ("muted", "■", "Killed"),
    "skipped": ("warn", "◇", "Skipped"),
}

NUMERIC = ("tinyint", "smallint", "integer", "bigint", "real", "double", "decimal")

PHASE_SYMBOLS = {"done": "●", "now": "▶", "failed": "▲", "ahead": "○"}


@register.simple_tag(takes_context=True)
def areas(context):
    """Return the areas that this user has, each with its links."""
    request = context["request"]
    shown = AREAS | (ADMINISTRATION if request.user.is_staff else {})
    linked = {
        area: [link for page in pages if (link := linked_to(page, request.user))]
        for area, pages in shown.items()
    }
    mark_current([link for links in linked.values() for link in links], request.path)
    return [(area, links) for area, links in linked.items() if links]


def linked_to(page, user):
    name, label, icon = page
    if name == "who-got-what" and not may_look_up(user):
        return None
    if name == "sandbox" and not settings.SANDBOX_DIR:
        return None
    try:
        return {"url": reverse(name), "label": label, "icon": icon}
    except NoReverseMatch:
        return None


def mark_current(links, path):
    """Mark the link that leads nearest to the page at the path."""
    above = [link for link in links if path.startswith(link["url"])]
    nearest = max(above, key=lambda link: len(link["url"]), default=None)
    if nearest and (nearest["url"] != "/" or path == "/"):
        nearest["current"] = True


@register.filter
def status(value):
    """Show a job's status as symbol and word."""
    kind, symbol, word = STATUSES[value]
    return format_html(
        '<span class="status {}"><span aria-hidden="true">{}</span> {}</span>', kind, symbol, word
    )


@register.filter
def asked(job):
    """Return what to ask before a retry, where it sends other rows than people may expect."""
    return question(job)


@register.filter
def number(value):
    """Write a number with its thousands apart: 25,000."""
    return NOTHING if value is None else f"{value:,}"


@register.filter
def numeric(kind):
    """Return whether values of the column type are numbers, which stand at the right."""
    return kind.partition("(")[0] in NUMERIC


@register.filter
def cells(row, columns):
    """Return each text of a row, and whether its column holds numbers."""
    return [(text, numeric(kind)) for text, (_, kind) in zip(row, columns, strict=True)]


@register.filter
def coded(text):
    """Show what stands between backticks as code."""
    pieces = enumerate(str(text).split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", each) if n % 2 else each,) for n, each in pieces)
    )


@register.filter
def size(count):
    """Write a number of bytes: 5.4 MB."""
    if count is None:
        return NOTHING
    if count < 1000:
        return f"{count:,} B"
    number = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        number /= 1000
        if number < 999.95 or unit == "TB":
            break
    return f"{number:.1f} {unit}"


@register.filter
def duration(span):
    """Write a time span: 0.8 s, 42 s, 3 min 5 s, 2 h 10 min, 1 h."""
    if span is None:
        return NOTHING
    seconds = span.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    return f"{seconds} s"


@register.filter
def ago(moment):
    """Show how long ago a moment was, or how far ahead; the moment itself is in the element."""
    if moment is None:
        return NOTHING
    return time_element(moment, relative(moment, timezone.now()))


@register.filter
def moment(value):
    """Show a moment in UTC."""
    return NOTHING if value is None else time_element(value, f"{value:%Y-%m-%d %H:%M:%S} UTC")


@register.filter
def clock(text):
    """Show a moment that is kept as ISO text, by its own clock: 2026-11-22 09:00:00 UTC+09:00."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S %Z}" if text else NOTHING


def relative(moment, now):
    if abs((now - moment).total_seconds()) < 60:
        return "just now" if moment <= now else "within a minute"
    if moment <= now:
        return f"{timesince(moment, now, depth=1)} ago"
    return f"in {timeuntil(moment, now, depth=1)}"


def time_element(moment, text):
    exact = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, text)


@register.filter
def elapsed(job):
    """Return how long a job has been running, or ran."""
    if not job.started_at:
        return None
    return (job.ended_at or timezone.now()) - job.started_at


@register.simple_tag
def phases(job):
    """Return the phases of a job in order, each with its state: done, now, failed or ahead."""
    names = [name for name in job.Phase.values if has_phase(job, name)]
    if job.status == job.Status.QUEUED and job.result_path and job.export is not None:
        at = names.index(job.Phase.WRITING) + 1  # The query is over; the export is to begin.
        return [phase(name, "done" if i < at else "ahead") for i, name in enumerate(names)]
    at = names.index(job.phase) if job.phase in names else 0
    return [phase(name, phase_state(job, index - at)) for index, name in enumerate(names)]


def has_phase(job, name):
    """Return whether the job goes through the phase: where nothing is asked, nothing is checked."""
    if name == job.Phase.CHECKING:
        asked = job.export is not None and job.authentication
        return job.phase == name or bool(asked and job.authentication.connector.contract)
    return name != job.Phase.UPLOADING or job.export is not None


def phase(name, state):
    return {"name": name.capitalize(), "state": state, "symbol": PHASE_SYMBOLS[state]}


def phase_state(job, distance):
    """Return the state of the phase that is so many phases after the job's own."""
    if distance < 0 or job.status == job.Status.SUCCESS:
        return "done"
    if distance > 0 or job.status == job.Status.SKIPPED:
        return "ahead"
    return "failed" if job.finished else "now"
