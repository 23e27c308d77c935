"""A parent segment of a hundred customers with orders, built by the job that refreshes it."""

from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings as configured
from django.contrib.auth.models import Group, User
from django.utils import timezone

from activations.models import ParentSegment, Segment
from activations.segments.saving import save
from console import jobs, tables
from console.models import Job, Query
from console.tables import store

DAY = 86_400
NOW = 1_780_000_000
TIERS = ["gold", "silver", "bronze", None]
CUSTOMERS = pa.table(
    {
        "id": [f"c{n:03}" for n in range(100)],
        "email": [f"c{n}@example.com" for n in range(100)],
        "tier": [TIERS[n % 4] for n in range(100)],
        "age": [18 + n % 50 for n in range(100)],
        "tags": [["new", "vip"] if n % 10 == 0 else ["new"] for n in range(100)],
        "secret": ["x"] * 100,
        "joined": [NOW - n * DAY for n in range(100)],
    }
)
# Customer n has n % 5 orders, of 10, 20, 30 and 40.
MADE = [(n, place) for n in range(100) for place in range(n % 5)]
ORDERS = pa.table(
    {
        "customer": [f"c{n:03}" for n, _ in MADE],
        "product": [["tea", "coffee"][place % 2] for _, place in MADE],
        "amount": [10.0 * (place + 1) for _, place in MADE],
        "phone": ["555"] * len(MADE),
        "time": [NOW - place * DAY for _, place in MADE],
    }
)
TYPES = {"string": "varchar", "int64": "bigint", "double": "double"}
TYPES["list<element: string>"] = TYPES["list<item: string>"] = "array(varchar)"


def column(name, kind, visibility="clear", group=""):
    said = {"column": name, "name": name, "kind": kind, "visibility": visibility}
    return said | {"group": group}


ATTRIBUTES = [
    {
        "table": "crm.customers",
        "columns": [
            column("tier", "string", group="Loyalty"),
            column("age", "number"),
            column("tags", "string_array"),
            column("joined", "timestamp"),
            column("email", "string", "masked"),
            column("secret", "string", "blocked"),
        ],
    }
]
BEHAVIORS = [
    {
        "name": "orders",
        "table": "crm.orders",
        "parent_key": "id",
        "foreign_key": "customer",
        "time": "time",
        "columns": [
            column("product", "string"),
            column("amount", "number"),
            column("phone", "string", "masked"),
            column("time", "timestamp"),
        ],
    }
]
CLEAR = "SELECT id AS cdp_customer_id, tier, age, tags, joined FROM crm.customers"
ALL = "SELECT id AS cdp_customer_id, tier, age, tags, joined, email FROM crm.customers"
CLEAR_ORDERS = "SELECT customer AS cdp_customer_id, product, amount, time FROM crm.orders"
ALL_ORDERS = "SELECT customer AS cdp_customer_id, product, amount, time, phone FROM crm.orders"


@pytest.fixture
def sales(marketer, settings):
    """Mia's tables of customers and orders."""
    database = tables.create_database("crm", marketer, everyone_reads=False)
    for name, rows in {"customers": CUSTOMERS, "orders": ORDERS}.items():
        path = settings.TABLES_DIR / f"{name}.parquet"
        pq.write_table(rows, path)
        columns = [(field.name, TYPES[str(field.type)]) for field in rows.schema]
        tables.create_from(database, name, path, columns)
    return database


@pytest.fixture
def unbuilt(sales, marketer):
    """Mia's parent segment that was not refreshed yet; the group analysts may use it."""
    query = Query.objects.create(
        name="Customers", database=sales, sql=CLEAR, owner=marketer, place="/parent/"
    )
    shoppers = ParentSegment.objects.create(
        name="Customers",
        owner=marketer,
        master="crm.customers",
        key="id",
        attributes=ATTRIBUTES,
        behaviors=BEHAVIORS,
        timezone="Europe/Berlin",
        query=query,
    )
    shoppers.readers.add(Group.objects.get_or_create(name="analysts")[0])
    return shoppers


@pytest.fixture
def shoppers(unbuilt):
    """The same, refreshed: a database without what is masked, and one with it."""
    refresh(unbuilt)
    return unbuilt


BUILT = {}  # what the first refresh of this process made: it is always the same


def refresh(shoppers):
    """Build what the shoppers are made of: once by a job, then from the files that it made."""
    builds = {
        shoppers.database: {"customers": CLEAR, "behavior_orders": CLEAR_ORDERS},
        shoppers.unmasked_database: {"customers": ALL, "behavior_orders": ALL_ORDERS},
    }
    made = [
        tables.create_database(name, shoppers.owner, everyone_reads=False, audience=True)
        for name in builds
    ]
    for database, readers in zip(made, (shoppers.readers, shoppers.unmasked), strict=True):
        database.readers.set(readers.all())
    job = jobs.submit("built", database="crm", owner=shoppers.owner, builds=builds)
    if BUILT:
        put_back(made)
        Job.objects.filter(pk=job.pk).update(status=Job.Status.SUCCESS, ended_at=timezone.now())
        return
    jobs.run(job.pk)
    job = Job.objects.get(pk=job.pk)
    assert job.status == Job.Status.SUCCESS, job.error
    for place, database in enumerate(made):
        for table in database.tables.all():
            [path] = tables.paths(table)
            BUILT[place, table.name] = path.read_bytes(), table.columns


def put_back(made):
    for (place, name), (content, columns) in BUILT.items():
        path = Path(configured.TABLES_DIR, f"{uuid4().hex}.parquet")
        path.write_bytes(content)
        store.create_from(made[place], name, path, columns)


@pytest.fixture
def analyst(db):
    """Ines may use the parent segment, and not see what is masked in it."""
    user = User.objects.create_user("ines", "ines@example.com", "pass-word-1")
    user.groups.add(Group.objects.get_or_create(name="analysts")[0])
    return user


def rule(name, type_, exclude=False, **operator):
    leaf = {"type": "Value", "leftValue": {"name": name}, "operator": {"type": type_, **operator}}
    return leaf | ({"exclude": True} if exclude else {})


def bought(at_least):
    left = {"source": {"name": "orders"}, "aggregation": {"type": "Count"}}
    return {
        "type": "Value",
        "leftValue": left,
        "operator": {"type": "GreaterEqual", "rightValue": at_least},
    }


def all_of(*rules, **more):
    return {"type": "And", "conditions": [{"type": "And", "conditions": list(rules)}], **more}


GOLD = all_of(rule("tier", "Equal", rightValue="gold"))


@pytest.fixture
def make(shoppers, marketer):
    """Save a segment of Mia's."""

    def make(name="Gold", rules=GOLD, **more):
        segment = Segment(
            parent_segment=shoppers, name=name, rules=rules, **{"owner": marketer, **more}
        )
        return save(segment, by=segment.owner)

    return make
