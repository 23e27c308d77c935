"""Saved queries and their versions."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from console.models.schedules import Schedule
from console.models.tables import Database
from integrations.models import Authentication, Webhook

USER = settings.AUTH_USER_MODEL


class Query(models.Model):
    """A saved query, with where its result goes and when it runs."""

    name = models.CharField(max_length=255)
    database = models.ForeignKey(Database, models.PROTECT, related_name="+")
    engine = models.CharField(max_length=20, default="trino")
    sql = models.TextField()
    # {database: {table: SELECT}} of tables that are made together, in the place of a result.
    builds = models.JSONField(null=True, blank=True, editable=False)
    # The page of what the query belongs to; it is no query of the workbench then.
    place = models.CharField(max_length=200, blank=True, editable=False)
    # Of an activation: its id and name, and those of its segment and parent segment.
    about = models.JSONField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    owner = models.ForeignKey(USER, models.PROTECT, related_name="+")
    authentication = models.ForeignKey(
        Authentication, models.PROTECT, null=True, blank=True, related_name="queries"
    )
    export = models.JSONField(null=True, blank=True, editable=False)  # settings, no secrets
    # How to send only what changed; None sends everything. `console.jobs.changes` reads it.
    changes = models.JSONField(null=True, blank=True, editable=False)
    schedule = models.OneToOneField(
        Schedule, models.SET_NULL, null=True, blank=True, editable=False, related_name="query"
    )
    priority = models.SmallIntegerField(default=0)
    retry_limit = models.PositiveSmallIntegerField(default=0)
    # Of scheduled runs. Its owner hears of failures in any case.
    notify_success = models.BooleanField(default=False)
    notify_failure = models.BooleanField(default=False)
    notified = models.ManyToManyField(USER, blank=True, related_name="+")
    webhook = models.OneToOneField(
        Webhook, models.SET_NULL, null=True, blank=True, editable=False, related_name="query"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "queries"
        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=models.Q(place=""), name="query_name"
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return self.place or reverse("query", args=[self.pk])

    def clean(self):
        """Check the name, which no form can do: its constraint is about a hidden field too."""
        try:
            self.validate_constraints()
        except ValidationError:
            told = f"{self.owner} has a query of that name already. Choose a different one."
            raise ValidationError({"name": told}) from None


class QueryVersion(models.Model):
    """The SQL of a query as it was saved once."""

    query = models.ForeignKey(Query, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    sql = models.TextField()
    saved_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["query", "number"], name="query_version")]

    def __str__(self):
        return f"{self.query} v{self.number}"
