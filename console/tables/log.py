"""The table of deliveries: made of the files of the delivery log, and changed by nobody."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F, Q, Sum
from django.utils import timezone

from console.access import ADMIN
from console.models import Database, Delivery, Table

DATABASE, TABLE = "delivery_log", "deliveries"
COLUMNS = [
    ("time", "bigint"),  # when it was delivered, in seconds since 1970
    ("identifier_type", "varchar"),
    ("identifier", "varchar"),  # a keyed hash
    ("identifier_column", "varchar"),
    ("segment_name", "varchar"),
    ("segment_id", "varchar"),
    ("audience_name", "varchar"),
    ("audience_id", "varchar"),
    ("integration_type", "varchar"),
    ("session_id", "bigint"),  # the job
    ("attempt_id", "varchar"),
    ("activation_id", "varchar"),
    ("activation_name", "varchar"),
    ("connection_id", "varchar"),
    ("exported_attributes", "varchar"),
    ("query_name", "varchar"),
    ("status", "varchar"),  # delivered, or unsure
]


def is_log(database: str, table: str) -> bool:
    return (database, table) == (DATABASE, TABLE)


def files() -> list[Path]:
    """Return the files that the table is made of now, oldest first; one without rows if none."""
    kept = Delivery.objects.exclude(path="").order_by("pk").values_list("path", flat=True)
    found = [settings.DELIVERIES_DIR / path for path in kept]
    return [path for path in found if path.exists()] or [empty_file()]


def empty_file():
    """Return a file that has the columns and no rows: a table is made of files."""
    path = Path(settings.DELIVERIES_DIR, "empty.parquet")
    if not path.exists():
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {"bigint": pa.int64(), "varchar": pa.string()}
        schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS])
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(".empty.part")
        pq.write_table(schema.empty_table(), draft)
        draft.replace(path)
    return path


def show() -> None:
    """Have the table among those of the console, with how many rows it has."""
    owner = administrator()
    if owner is None:
        return
    own = {"owner": owner, "everyone_reads": False}
    database, _ = Database.objects.get_or_create(name=DATABASE, defaults=own)
    kept = Delivery.objects.exclude(path="")
    found = kept.aggregate(rows=Sum("entries"), bytes=Sum("bytes"))
    Table.objects.update_or_create(
        database=database,
        name=TABLE,
        defaults={
            "columns": [list(column) for column in COLUMNS],
            "rows": found["rows"] or 0,
            "bytes": found["bytes"] or 0,
        },
    )


def count(entries: int, size: int) -> None:
    """Count what came to the table; make it, where this is the first."""
    table = Table.objects.filter(database__name=DATABASE, name=TABLE)
    more = {"rows": F("rows") + entries, "bytes": F("bytes") + size, "updated_at": timezone.now()}
    if not table.update(**more):
        show()


def administrator():
    """Return whom the database is written down for: somebody who may read all of them anyhow."""
    may = Q(is_superuser=True) | Q(groups__name=ADMIN)
    return User.objects.filter(may, is_active=True).order_by("pk").first()
