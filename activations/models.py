"""Parent segments, folders, segments and activations of the Audience Studio."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.urls import reverse

from console.models import Query
from integrations.models import Authentication

USER = settings.AUTH_USER_MODEL


class ParentSegment(models.Model):
    """All customers: a master table, what is known of each, and what they did.

    A refresh builds a database of it, without the columns that are masked. Where there are
    such, a second database has them too, for those who may see them. The refresh is a query
    with `builds`; its schedule, jobs and messages are those of every query.
    """

    name = models.CharField(max_length=255, unique=True)
    owner = models.ForeignKey(USER, models.PROTECT, related_name="+")
    master = models.CharField(max_length=257)  # database.table
    key = models.CharField(max_length=255)  # the column that tells customers apart
    # [{table, parent_key, foreign_key, columns: [{column, name, kind, group, visibility}]}];
    # the first is the master table itself, without keys.
    attributes = models.JSONField(default=list)
    # [{name, table, parent_key, foreign_key, time, columns: [{column, kind, visibility}]}]
    behaviors = models.JSONField(default=list)
    timezone = models.CharField(max_length=64, default="UTC")
    readers = models.ManyToManyField(Group, blank=True, related_name="+")
    unmasked = models.ManyToManyField(Group, blank=True, related_name="+")
    query = models.OneToOneField(Query, models.PROTECT, related_name="parent_segment")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("parent-segment", args=[self.pk])

    @property
    def database(self) -> str:
        """The database that a refresh builds, without what is masked."""
        return f"cdp_audience_{self.pk}"

    @property
    def unmasked_database(self) -> str:
        return f"{self.database}_unmasked"


class Folder(models.Model):
    """A folder of segments."""

    parent_segment = models.ForeignKey(ParentSegment, models.CASCADE, related_name="folders")
    within = models.ForeignKey("self", models.PROTECT, null=True, related_name="folders")
    name = models.CharField(max_length=255)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["parent_segment", "within", "name"], name="folder_name"
            ),
            models.UniqueConstraint(
                fields=["parent_segment", "name"],
                condition=models.Q(within=None),
                name="folder_name_at_top",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("studio-folder", args=[self.parent_segment_id, self.pk])


class Segment(models.Model):
    """Some of the customers of a parent segment, by rules."""

    parent_segment = models.ForeignKey(ParentSegment, models.PROTECT, related_name="segments")
    folder = models.ForeignKey(Folder, models.PROTECT, null=True, related_name="segments")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    rules = models.JSONField(default=dict)  # as activations.rules reads it
    version = models.PositiveIntegerField(default=1)
    owner = models.ForeignKey(USER, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # The last count, and of which data and rules it is.
    customers = models.PositiveBigIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["parent_segment", "folder", "name"], name="segment_name"
            ),
            models.UniqueConstraint(
                fields=["parent_segment", "name"],
                condition=models.Q(folder=None),
                name="segment_name_at_top",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("segment", args=[self.parent_segment_id, self.pk])


class SegmentVersion(models.Model):
    """The rules of a segment as they were saved once."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    rules = models.JSONField()
    saved_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "number"], name="segment_version")
        ]

    def __str__(self):
        return f"{self.segment} v{self.number}"


class SegmentSize(models.Model):
    """How many customers a segment had at a time: what its growth is drawn from."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="sizes")
    at = models.DateTimeField(auto_now_add=True)
    customers = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["at"]

    def __str__(self):
        return f"{self.segment}: {self.customers}"


class Activation(models.Model):
    """A segment on its way to a destination.

    Its query has the SQL that the segment's rules and the output mapping make, the export, the
    schedule and who hears of it. The SQL is written anew in the transaction that changes the
    segment, or one that it refers to.
    """

    segment = models.ForeignKey(Segment, models.PROTECT, related_name="activations")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    # {all_columns, columns: [...], behaviors: [...], strings: [...]}
    mapping = models.JSONField(default=dict)
    query = models.OneToOneField(Query, models.PROTECT, related_name="activation")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["segment", "name"], name="activation_name")]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("activation", args=[self.pk])


class ActivationTemplate(models.Model):
    """How an activation is set up, to begin others of the same parent segment with."""

    parent_segment = models.ForeignKey(ParentSegment, models.CASCADE, related_name="templates")
    name = models.CharField(max_length=255)
    owner = models.ForeignKey(USER, models.PROTECT, related_name="+")
    # Without it the template has no destination: somebody deleted it.
    authentication = models.ForeignKey(Authentication, models.SET_NULL, null=True, related_name="+")
    export = models.JSONField(null=True)  # settings, no secrets
    mapping = models.JSONField(default=dict)
    query = models.JSONField(default=dict)  # further fields of the activation's query
    # Fields of the schedule, and whether it runs after the parent's refresh; null for none.
    schedule = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["parent_segment", "name"], name="activation_template_name"
            )
        ]

    def __str__(self):
        return self.name
