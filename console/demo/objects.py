"""The people and the saved queries of the demo."""

from datetime import UTC, datetime

from django.contrib.auth.models import Group, User
from django.db import transaction

from console.access import ADMIN, MARKETER
from console.demo import authentications
from console.demo.authentications import complete
from console.demo.data import load_demo
from console.demo.destinations import CLEVERTAP_ACCOUNT, DESTINATION, Sandbox
from console.demo.past import each_day, make_up
from console.demo.queries import CATEGORIES, CLEVERTAP, LAPSED, REVENUE, SAVED
from console.models import Database, Query, QueryVersion
from console.schedules import schedule_query

FILE = "lapsed_gold_and_platinum.csv"


def make(sandbox: Sandbox) -> Query:
    """Make what is not there yet; return the query that exports to the sandbox."""
    admin = person("admin", ADMIN, is_staff=True, is_superuser=True)
    marketer = person("marketer", MARKETER)
    load_demo(admin)
    with transaction.atomic():
        destinations = authentications.for_servers(admin, sandbox)
        authentications.for_vendors(admin, sandbox)
        database = Database.objects.get(name="demo")
        made = {saved: query(saved, database, marketer, destinations) for saved in SAVED}
        make_up(earlier_runs(made, datetime.now(UTC)))
    return Query.objects.get(owner=marketer, name=LAPSED.name, place="")


def person(name, group, **fields):
    """Return the user of that name. Its password is its name: only for a console on one machine."""
    user = User.objects.filter(username=name).first()
    if user is None:
        user = User.objects.create_user(name, f"{name}@example.com", name, **fields)
        user.groups.add(Group.objects.get(name=group))
    return user


def query(saved, database, owner, destinations):
    """Make the saved query and return it. Return None where one of that name is there already."""
    if Query.objects.filter(owner=owner, name=saved.name, place="").exists():
        return None  # It may have been changed.
    query = Query.objects.create(name=saved.name, database=database, sql=saved.sql, owner=owner)
    QueryVersion.objects.create(query=query, number=1, sql=saved.sql, saved_by=owner)
    if saved is LAPSED:
        send(query, destinations[DESTINATION], export())
        schedule_query(query, "@daily", "UTC")
    if saved is CLEVERTAP and CLEVERTAP_ACCOUNT in destinations:
        send(query, destinations[CLEVERTAP_ACCOUNT], {"skip_invalid": True})
    return query


def earlier_runs(made, now):
    """Return the runs that the queries are to have behind them: two failed, and went well later."""
    runs = []
    if made[LAPSED]:
        runs += each_day(made[LAPSED], 271, now, failed=(8, 19))
    if made[REVENUE]:
        runs += each_day(made[REVENUE], 30, now, hour=8, minute=30)
    if made[CATEGORIES]:
        runs += each_day(made[CATEGORIES], 6, now, hour=8, minute=32)[::3]
    return runs


def send(query, authentication, given):
    """Let the results of the query go to the authentication."""
    query.authentication = authentication
    query.export = complete(authentication.connector.Export.from_json(given))
    query.save(update_fields=["authentication", "export"])


def export():
    """Return how the sandbox gets its file: renamed when it is whole."""
    return {
        "user_directory_is_root": True,
        "path_prefix": FILE,
        "rename_file_after_upload": True,
    }
