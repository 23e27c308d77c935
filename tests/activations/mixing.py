"""What refreshes, edits and runs at the same time: each is the work of a process."""

import os
from functools import wraps
from pathlib import Path

ROUNDS = 5


def only(column, remainder):
    """Return the rules of customers whose age, as a text, is even or odd."""
    ends = [str(digit) for digit in range(remainder, 10, 2)]
    operator = {"type": "EndWith", "rightValues": ends}
    leaf = {"type": "Value", "leftValue": {"name": column}, "operator": operator}
    return {"type": "And", "conditions": [{"type": "And", "conditions": [leaf]}]}


EVEN, ODD = only("age_text", 0), only("age_text", 1)
NAMED = {"Even": EVEN, "Odd": ODD}
MAPPING = {
    "all_columns": False,
    "columns": [
        {"kind": "attribute", "source": "city", "name": "version"},
        {"kind": "attribute", "source": "age_text", "name": "age"},
        {"kind": "string", "name": "told", "parts": [{"type": "segment_name"}]},
        {
            "kind": "behavior",
            "behavior": "orders",
            "strategy": "last",
            "columns": [{"source": "amount", "name": "bought"}],
        },
    ],
}


def work(function):
    """Make a function the work of a process: it sends its name and what came of it."""

    @wraps(function)
    def working(environment, ended, told, *given):
        os.environ.clear()
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="console.settings")
        import django

        django.setup()
        try:
            told.put((function.__name__, function(ended, *given)))
        except BaseException as error:
            told.put((function.__name__, repr(error)))
            raise
        finally:
            if function.__name__ == "refresh":
                ended.set()

    return working


def source(database, version):
    """Give both tables of the source the version, in one transaction."""
    from django.conf import settings
    from django.db import transaction

    from tests.activations.parents import TABLES, make_table

    people = TABLES["people"] | {"city": ("varchar", [str(version)] * 6)}
    people["age"] = ("integer", [31, 40, 50, 50, 70, 61])
    amounts = ("double", [float(version)] * 5)
    with transaction.atomic():
        make_table(database, "people", people, Path(settings.TABLES_DIR))
        make_table(database, "orders", TABLES["orders"] | {"amount": amounts}, settings.TABLES_DIR)


@work
def refresh(ended, parent, segment, activation):
    """Change the source and refresh, again and again."""
    from activations.models import ParentSegment
    from console import jobs
    from console.models import Database

    query = ParentSegment.objects.get(pk=parent).query
    for version in range(1, ROUNDS + 1):
        source(Database.objects.get(name="crm"), version)
        jobs.run(jobs.submit_query(query).pk)
    return ROUNDS


@work
def edit(ended, parent, segment, activation):
    """Give the segment the other rules, and the name that says which, until all is refreshed."""
    from activations.models import Segment
    from activations.segments import saving

    edits = 0
    while not ended.wait(0.2):
        found = Segment.objects.get(pk=segment)
        found.name = "Odd" if found.name == "Even" else "Even"
        found.rules = NAMED[found.name]
        saving.save(found, by=found.owner)
        edits += 1
    return edits


@work
def run(ended, parent, segment, activation):
    """Run the activation until all is refreshed, and once more. Return the rows of each run."""
    from activations.models import Activation

    runs, over = [], False
    while not over:
        over = ended.is_set()
        runs.append(rows_of(Activation.objects.get(pk=activation).query))
    return runs


def rows_of(query):
    from console import jobs
    from console.models import Job

    job = jobs.submit_query(query)
    jobs.run(job.pk)
    columns, rows = jobs.grid(Job.objects.get(pk=job.pk))
    found = [dict(zip([name for name, _ in columns], row, strict=True)) for row in rows]
    return [plain(row) for row in found]


def plain(row):
    bought = row["bought"] and int(float(row["bought"]))
    return row | {"version": int(row["version"]), "age": int(row["age"]), "bought": bought}
