"""Databases and their tables."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.urls import reverse

USER = settings.AUTH_USER_MODEL


class Database(models.Model):
    name = models.CharField(max_length=128, unique=True)
    owner = models.ForeignKey(USER, models.PROTECT, related_name="+")
    everyone_reads = models.BooleanField(default=True)
    readers = models.ManyToManyField(Group, blank=True, related_name="+")
    writers = models.ManyToManyField(Group, blank=True, related_name="+")
    # Where its tables are on the Trino cluster; "" where they are the console's own.
    catalog = models.CharField(max_length=128, blank=True, default="", db_default="")
    schema = models.CharField(max_length=128, blank=True, default="", db_default="")
    looked_at = models.DateTimeField(null=True, editable=False)  # and the tables were seen there
    trouble = models.TextField(blank=True, default="", db_default="")  # why the last look failed
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("database", args=[self.name])

    @property
    def remote(self) -> bool:
        """Return whether its tables are on the Trino cluster."""
        return bool(self.catalog)


class Table(models.Model):
    """A table: its rows are the rows of its Parquet files, in their order.

    One of a remote database has none here: its columns are what was seen on the cluster.
    """

    database = models.ForeignKey(Database, models.PROTECT, related_name="tables")
    name = models.CharField(max_length=128)
    columns = models.JSONField(default=list)  # [[name, type], …] in Trino's type names
    files = models.JSONField(default=list)  # paths under TABLES_DIR; a file never changes
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["database", "name"], name="table_name")]

    def __str__(self):
        return f"{self.database.name}.{self.name}"

    def get_absolute_url(self):
        return reverse("table", args=[self.database.name, self.name])
