"""Who got what: which identifiers a delivery carried, and who looked some of them up."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from console.models.jobs import Job
from integrations.models import Sealed


class LogKey(Sealed):
    """A key that identifiers are hashed with. The newest is for what is delivered from now on."""

    number = models.PositiveIntegerField(unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "delivery log key"
        ordering = ["-number"]

    def __str__(self):
        return f"Key {self.number} of the delivery log"


class Delivery(models.Model):
    """What a job handed over. The identifiers are in its file, as keyed hashes."""

    class Status(models.TextChoices):
        DELIVERED = "delivered"
        UNSURE = "unsure"  # some of it may have arrived

    job = models.OneToOneField(Job, models.CASCADE, related_name="delivery")
    key = models.ForeignKey(LogKey, models.PROTECT, related_name="deliveries")
    at = models.DateTimeField(db_index=True)
    status = models.CharField(max_length=10, choices=Status)
    path = models.CharField(max_length=255, blank=True)  # under DELIVERIES_DIR; none: no identifier
    identifiers = models.JSONField(default=list)  # [[column, type], …] that were logged
    attributes = models.JSONField(default=list)  # the names of all columns that went
    entries = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-pk"]

    def __str__(self):
        return f"Delivery of job {self.job_id}"

    @property
    def columns(self):
        """The columns whose values were logged, each once."""
        return list(dict.fromkeys(column for column, _ in self.identifiers))


class LookUp(models.Model):
    """That somebody looked an identifier up, without the identifier."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    kind = models.CharField(max_length=20)  # e-mail address, SHA-256, other
    # [[number of the key, keyed hash, which entries it fits], …]; none once forgotten
    tokens = models.JSONField(default=list)
    matches = models.JSONField(default=list)  # [[delivery, columns, types, status], …] so far
    looked_at = models.PositiveIntegerField(default=0)  # deliveries
    before = models.BigIntegerField(null=True)  # the delivery before which to go on
    done = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]
        permissions = [("look_up", "Can look up who got what")]

    def __str__(self):
        return f"Look-up {self.pk}"

    def get_absolute_url(self):
        return reverse("look-up", args=[self.pk])

    @property
    def hashes(self):
        """The keyed hashes that were looked for, as the table of deliveries has them."""
        return list(dict.fromkeys(token[1] for token in self.tokens))
