"""What the receiver of an export has: the rows that were delivered, for the next comparison."""

from django.db import models

from console.models.jobs import Job
from console.models.queries import Query


class Delivered(models.Model):
    """The rows that the destination of a query has. Its files, under DELIVERED_DIR, never change.

    It changes only in the transaction that ends a job as delivered, but for `unsure`, which is
    written before the first row is sent: what is in it is sent again.
    """

    query = models.OneToOneField(Query, models.CASCADE, related_name="delivered")
    subject = models.CharField(max_length=64, blank=True)  # of which destination and beginning
    path = models.CharField(max_length=255, blank=True)  # none: nothing was delivered yet
    columns = models.JSONField(default=list)  # [[name, type], …] of its rows
    key = models.JSONField(default=list)  # names of columns
    rows = models.PositiveBigIntegerField(default=0)
    # What was sent while nobody knows whether it came: [{job, path, skip, columns, key, gone_from}]
    unsure = models.JSONField(default=list)
    revision = models.PositiveBigIntegerField(default=0)
    everything = models.CharField(max_length=40, blank=True)  # the last wish for it that was met
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    slot = models.DateTimeField(null=True)  # the latest that was delivered
    doubt = models.TextField(blank=True)  # why its rows may not be what the receiver has
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self):
        return f"what {self.query} delivered"
