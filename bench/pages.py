"""How fast pages are while many people open them and a cluster works.

    python bench/pages.py --jobs 10000 --rate 20 --seconds 60

A quickstart in a home of its own answers: web server, cluster, SFTP sandbox. It is given as many
jobs, and queries that export each minute. Requests come at a fixed rate, whether earlier ones have
been answered or not, and the time of each counts from when it was due.
"""

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from queue import SimpleQueue
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import figures, goals
from bench.browser import PART, Browser
from bench.click import SETTINGS, quickstart

PEOPLE = 20  # who have a page open at the same time
ERROR = "The query names a column that is not there."
BUSY = "SELECT * FROM customers ORDER BY customer_id LIMIT 1000"
PAGES = {
    "home": "/",
    "jobs": "/workbench/jobs/",
    "jobs, the last page": "/workbench/jobs/?page=200",
    "jobs, failed": "/workbench/jobs/?status=failed",
    "jobs, searched": "/workbench/jobs/?search=query+7",
    "queries": "/workbench/queries/",
    "authentications": "/integrations/authentications/",
    "query": "/workbench/queries/{query}/",
    "wizard, new authentication": "/integrations/catalog/sftp_v2/new/",
    "wizard, export": "/workbench/queries/{query}/export/",
    "wizard, schedule": "/workbench/queries/{query}/schedule/",
}
LISTS = ("jobs", "jobs, the last page", "jobs, failed", "queries", "authentications")
PARTS = ("wizard, export", "wizard, schedule")  # panels that htmx puts into the page of the query


def start_django(home):
    import django

    for name in [name for name in os.environ if name.startswith("CONSOLE_")]:
        del os.environ[name]
    os.environ |= {"CONSOLE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "console.settings"}
    django.setup()


def fill(jobs: int, queries: int, working: int) -> int:
    """Give the marketer queries and ended jobs, and work for the cluster. Return a query's key."""
    from django.contrib.auth.models import User

    from console.models import Database, Job, Query
    from integrations.models import Authentication

    owner, database = User.objects.get(username="marketer"), Database.objects.get(name="demo")
    drop = Authentication.objects.order_by("pk").first()
    given = {"database": database, "owner": owner, "sql": BUSY, "authentication": drop}
    made = Query.objects.bulk_create(
        Query(name=f"Query {n}", export=exported(drop, n), **given) for n in range(queries)
    )
    chance = Random(1)
    Job.objects.bulk_create((ended(chance, number, made) for number in range(jobs)), batch_size=500)
    for number, query in enumerate(made):
        put_on_schedule(query, "* * * * *" if number < working else f"{number % 60} 3 * * *")
    return made[-1].pk


def exported(authentication, number):
    settings = {name: value for name, value in SETTINGS.items() if name != "connector"}
    settings["path_prefix"] = f"/in/{number}-{{HH}}{{mm}}.csv"
    form = authentication.connector.Export(settings)
    if not form.is_valid():
        raise SystemExit(f"The export cannot be saved: {form.errors.as_text()}")
    return form.cleaned_data


def ended(chance, number, queries):
    """Return a job of one of the queries, that has ended in the last thirty days."""
    from django.utils import timezone

    from console.models import Job

    query = queries[number % len(queries)]
    status = chance.choices((Job.Status.SUCCESS, Job.Status.ERROR, Job.Status.KILLED), (90, 9, 1))
    at = timezone.now() - timedelta(minutes=43_000 * chance.random())
    copied = {name: getattr(query, name) for name in ("name", "sql", "owner", "export")}
    return Job(
        query=query, database=query.database.name, authentication=query.authentication,
        status=status[0], phase=Job.Phase.DONE, started_at=at, ended_at=at + timedelta(seconds=3),
        attempt=1, rows=1000, sent_bytes=90_000, receipt={"files": [], "signature": ""},
        error=ERROR if status[0] == Job.Status.ERROR else "", **copied,
    )  # fmt: skip


def put_on_schedule(query, cron):
    from console.models import Schedule
    from console.schedules import schedule_query

    schedule_query(query, cron, overlap=Schedule.Overlap.SKIP)


def queries_of(name: str, path: str) -> int:
    """Return how many queries of the database a page takes."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    headers = {"host": "localhost"} | (PART if name in PARTS else {})
    client = Client(headers=headers)
    client.force_login(User.objects.get(username="marketer"))
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path} answers {answer.status_code}.")
    return len(asked)


class Crowd:
    """People who are logged in, each with a browser of their own."""

    def __init__(self, address: str):
        self.browsers = SimpleQueue()
        for _ in range(PEOPLE):
            self.browsers.put(logged_in(address))

    def ask(self, path: str, due: float, *, part: bool) -> float:
        """Return the seconds from when the request was due to the end of its answer."""
        time.sleep(max(0, due - time.perf_counter()))
        browser = self.browsers.get()
        status, text, landed = browser.get(path, part=part)
        self.browsers.put(browser)
        if status != 200 or landed != path or part == ("</html>" in text):
            raise SystemExit(f"{path} answers {status} at {landed}.")
        return round(time.perf_counter() - due, 4)


def logged_in(address):
    browser = Browser(address)
    browser.get("/login/")
    _, _, landed = browser.post("/login/", username="marketer", password="marketer")
    if landed != "/":
        raise SystemExit(f"The log-in leads to {landed}.")
    return browser


def measure(address: str, paths: dict, rate: float, seconds: float) -> dict:
    """Return the seconds of each answer, by the page, with the pages in turns."""
    found = {name: [] for name in paths}
    crowd = Crowd(address)
    with ThreadPoolExecutor(PEOPLE) as people:
        began = time.perf_counter() + 0.5
        order = list(islice(cycle(paths), int(rate * seconds)))
        sent = [
            people.submit(crowd.ask, paths[name], began + number / rate, part=name in PARTS)
            for number, name in enumerate(order)
        ]
        for name, each in zip(order, sent, strict=True):
            found[name].append(each.result())
    return found


@contextmanager
def work_counted(found: dict):
    """Note how many jobs the cluster has ended meanwhile."""
    from console.models import Job

    ended = Job.objects.filter(status__in=Job.RAN)
    before = ended.count()
    yield
    found["jobs_meanwhile"] = ended.count() - before


def main() -> None:
    given = asked()
    found = figures.circumstances()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder) / "home"
        with quickstart(home) as address:
            start_django(home)
            query = fill(given.jobs, given.queries, given.working)
            paths = {name: path.format(query=query) for name, path in PAGES.items()}
            time.sleep(given.settle)
            counts = {name: queries_of(name, path) for name, path in paths.items()}
            with work_counted(found):
                seconds = measure(address, paths, given.rate, given.seconds)
    pages = [
        {"name": name, "lists": name in LISTS, "queries": counts[name], "seconds": seconds[name]}
        for name in paths
    ]
    found |= {"jobs": given.jobs, "rate": given.rate, "people": PEOPLE, "pages": pages}
    show(found)
    if given.json:
        figures.keep(given.json, "pages", found)


def show(found: dict) -> None:
    print(f"{found['jobs_meanwhile']} jobs ended meanwhile; load before {found['load_before']}")
    for each in goals.judged_pages(found):
        print(f"  {each.number}  {each.what}: {each.value}, goal {each.goal}: {each.word}")


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--working", type=int, default=30, help="queries that export each minute")
    parser.add_argument("--rate", type=float, default=20, help="requests a second")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--settle", type=float, default=40, help="seconds before the first request")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
