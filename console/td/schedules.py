"""`td sched:list`, `sched:create` and `sched:delete`."""

from django.db import transaction

from console.access import is_admin
from console.models import Query
from console.queries.saving import save
from console.schedules import CronError, interval, schedule_query, times_of, unschedule
from console.td import options, rendering
from console.td.destinations import destination, shown
from console.td.errors import Refused
from console.td.queries import database_named, sql_of

FIELDS = ["Name", "Cron", "Timezone", "Next schedule", "Delay", "Priority", "Result"]
FIELDS += ["Database", "Query"]


def list_schedules(asked, owner, out):
    rows = [row_of(query) for query in scheduled(owner).order_by("name")]
    out.write(rendering.listing(rows, FIELDS, asked.format) + "\n")
    return 0


def scheduled(owner):
    queries = Query.objects.select_related("schedule__trigger__query", "database", "authentication")
    found = queries.filter(schedule__isnull=False)
    return found if is_admin(owner) else found.filter(owner=owner)


def row_of(query):
    schedule = query.schedule
    return {
        "Name": query.name,
        "Cron": when(schedule),
        "Timezone": schedule.timezone,
        "Next schedule": "" if schedule.paused_at else rendering.local(schedule.next_slot),
        "Delay": schedule.delay,
        "Priority": options.PRIORITIES.get(query.priority, "NORMAL"),
        "Result": shown(query),
        "Database": query.database.name,
        "Query": query.sql,
    }


def when(schedule):
    if schedule.follows:
        return str(schedule.follows)
    return interval(times_of(schedule).rule) if schedule.repeat else schedule.cron


def create_arguments(parser):
    parser.add_argument("name")
    parser.add_argument("cron", help='five fields, @hourly, @daily, or "" for no time')
    parser.add_argument("sql", nargs="?", help="the query; - reads it from stdin")
    options.query_options(parser)
    parser.add_argument(
        "-t",
        "--timezone",
        metavar="TZ",
        default="UTC",
        help="name of the timezone, such as Asia/Tokyo; without it the schedule is in UTC",
    )
    parser.add_argument(
        "-D",
        "--delay",
        type=int,
        default=0,
        metavar="SECONDS",
        help="delay time of the schedule",
    )


def create_schedule(asked, owner, out):
    if asked.delay < 0:
        raise Refused("The delay is a number of seconds, 0 or more.")
    query = put_on_schedule(asked, owner)
    if query.schedule:
        start = f"It starts at {rendering.local(query.schedule.next_slot)}."
        out.write(f"Schedule '{query.name}' is created. {start}\n")
    else:
        out.write(f"Schedule '{query.name}' is created, which never runs.\n")
    return 0


def put_on_schedule(asked, owner):
    sql, database = sql_of(asked), database_named(asked.database, owner)
    kept = Query.objects.filter(owner=owner, name=asked.name, place="").first()
    if kept and kept.schedule:
        raise Refused(f"Schedule '{asked.name}' already exists.")
    try:
        with transaction.atomic():
            query = filled_in(kept or Query(owner=owner, name=asked.name), asked)
            query.database, query.sql = database, sql
            save(query, by=owner)
            schedule_query(query, asked.cron, asked.timezone, asked.delay)
    except CronError as error:
        raise Refused(str(error)) from None
    return query


def filled_in(query, asked):
    """Give a query what the options say. One that lost its schedule is put to use again."""
    query.authentication, query.export = destination(asked, query.owner)
    query.engine, query.priority, query.retry_limit = asked.type, asked.priority, asked.retry
    if query.pk:
        query.save(update_fields=["authentication", "export", "engine", "priority", "retry_limit"])
    return query


def delete_arguments(parser):
    parser.add_argument("name")


def delete_schedule(asked, owner, out):
    """Take the query off its schedule. The query stays, to be run or scheduled again."""
    query = schedule_named(asked.name, owner)
    unschedule(query)
    out.write(f"Schedule '{query.name}' is deleted.\n")
    return 0


def schedule_named(name, owner):
    """Return the owner's scheduled query of that name; for an admin also the only one there is."""
    found = list(scheduled(owner).filter(name=name))
    mine = [query for query in found if query.owner_id == owner.pk] or found
    if not mine:
        raise Refused(
            f"Schedule '{name}' does not exist.\nUse 'td sched:list' to show list of the schedules."
        )
    if len(mine) > 1:
        raise Refused(f"Several people have a schedule '{name}'. Name the owner with -a / --as.")
    return mine[0]
