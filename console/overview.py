"""What the first page tells: how the jobs go, what is next, what needs somebody."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta

from django.db.models import Count, DateField, Func, Max, OuterRef, Q, Subquery
from django.utils import timezone

from console.models import Job, Notice, Query
from integrations.access import visible_to

DAYS = 30
SHOWN = 6
WIDTH, HEIGHT = 600, 110  # of the chart's drawing
GAP = 4


def first_steps(user):
    """Return the three steps to a first export and whether each is done; nothing after that."""
    if user.jobs.filter(receipt__isnull=False, test__isnull=True).exists():
        return None
    mine = Query.objects.filter(owner=user)
    return {
        "authentication": visible_to(user).filter(inline=False).exists(),
        "query": mine.filter(export__isnull=False).exists(),
    }


def scheduled(queries):
    """Return the queries that will run by themselves, the next one first."""
    found = queries.filter(schedule__next_slot__isnull=False, schedule__paused_at=None)
    return found.select_related("schedule__trigger", "owner").order_by("schedule__next_slot")


def active(queries):
    """Return how many queries run by themselves, be it at a time or after another."""
    followed = Q(schedule__trigger__query__isnull=False)
    found = queries.filter(followed | Q(schedule__next_slot__isnull=False))
    return found.filter(schedule__paused_at=None).count()


def runs():
    """Return the runs of a query that have ended, the latest first; some rows again are none."""
    ended = Job.objects.filter(query=OuterRef("pk"), status__in=Job.RAN, resend_of=None)
    return ended.order_by("-pk")


def failing(queries):
    """Return the queries whose last job failed, the latest failure first."""
    ended = runs()
    found = queries.annotate(
        last_status=Subquery(ended.values("status")[:1]),
        last_job=Subquery(ended.values("pk")[:1]),
        last_error=Subquery(ended.values("error")[:1]),
        last_end=Subquery(ended.values("ended_at")[:1]),
    )
    return found.filter(last_status=Job.Status.ERROR).order_by("-last_job")[:SHOWN]


def skipped(queries):
    """Return the last job of each query that sent nothing, for want of rows, the latest first."""
    last = queries.annotate(last_job=Subquery(runs().values("pk")[:1])).values("last_job")
    found = Job.objects.filter(pk__in=last, receipt__skipped__isnull=False)
    return found.exclude(receipt__skipped="").defer("sql").order_by("-pk")[:SHOWN]


def unheard(queries, *, installation):
    """Return the latest message of each webhook that did not take it."""
    mine = Notice.objects.filter(webhook__query__in=queries)
    asked = [mine, Notice.objects.filter(user=None, webhook=None)] if installation else [mine]
    found = []
    for messages in asked:
        latest = messages.order_by().values("webhook").annotate(latest=Max("pk"))
        keys = latest.values("latest")
        found += Notice.objects.filter(pk__in=keys, sent_at=None).exclude(error="")[:SHOWN]
    return found


def held(jobs):
    """Return the jobs that wait for a person, the oldest first."""
    waiting = jobs.filter(status=Job.Status.QUEUED).exclude(held_because="")
    # By the key alone, SQLite would read all jobs there ever were.
    return waiting.defer("sql").order_by("created_at", "pk")


def span():
    """Return the last days, oldest first."""
    today = timezone.now().date()
    return [today - timedelta(days=back) for back in reversed(range(DAYS))]


def days(jobs):
    """Return the last days, oldest first, with the jobs that succeeded and failed on each."""
    counts = counted(jobs)
    return [
        {
            "day": day,
            "success": counts[day, Job.Status.SUCCESS],
            "failed": counts[day, Job.Status.ERROR],
        }
        for day in span()
    ]


def counted(jobs):
    """Return how many jobs ended on each day, by the day and how they ended."""
    rows = by_day(jobs).values_list("day", "status").annotate(count=Count("pk"))
    return Counter({(day, status): count for day, status, count in rows})


def by_day(jobs):
    """Return the jobs that succeeded and failed on the last days, with the day of each.

    All that it asks of a job is in an index.
    """
    shown = (Job.Status.SUCCESS, Job.Status.ERROR)
    begins = datetime.combine(span()[0], time(), UTC)
    found = jobs.filter(status__in=shown, ended_at__gte=begins)
    return found.order_by().annotate(day=Day("ended_at"))


class Day(Func):
    """The day of an instant in UTC."""

    output_field = DateField()
    template = "CAST(%(expressions)s AT TIME ZONE 'UTC' AS date)"

    def as_sqlite(self, compiler, connection):
        """Take the start of the text: a function of Python would be called for each job."""
        return self.as_sql(compiler, connection, template="SUBSTR(%(expressions)s, 1, 10)")


def chart(days):
    """Return the days as they are drawn and written."""
    for each in days:
        each["said"] = f"{each['success']} succeeded, {each['failed']} failed"
        each["cells"] = [f"{each['success']:,}", f"{each['failed']:,}"]
    return {
        "label": "Jobs that succeeded and failed by day",
        "region": "Jobs by day",
        "columns": ["Succeeded", "Failed"],
        "bars": bars(days, "success", "failed"),
    }


def bars(days, *parts):
    """Return the days as bars: where each begins, and its parts, one on top of the other."""
    most = max((sum(day[part] for part in parts) for day in days), default=0) or 1
    step = WIDTH / len(days)
    return [
        day
        | {
            "x": f"{index * step + GAP / 2:.2f}",
            "width": f"{step - GAP:.2f}",
            "parts": stacked(day, parts, HEIGHT / most),
        }
        for index, day in enumerate(days)
    ]


def stacked(day, parts, scale):
    """Return the parts of a bar from the bottom: what each is, where it begins, how high it is."""
    found, top = [], HEIGHT
    for part in parts:
        height = day[part] * scale
        top -= height
        found.append({"kind": part, "y": f"{top:.2f}", "height": f"{height:.2f}"})
    return found
