"""Signs of life, alarms, and messages that wait to be sent."""

from django.conf import settings
from django.db import models

from console.models.jobs import Job
from console.models.queries import Query
from integrations.models import Webhook

USER = settings.AUTH_USER_MODEL


class Pulse(models.Model):
    """A sign of life of a process that runs beside the web server."""

    name = models.CharField(max_length=100, unique=True)
    at = models.DateTimeField()

    def __str__(self):
        return self.name


class Alarm(models.Model):
    """Something that should run and does not, and when administrators were last told of it."""

    name = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=300)
    text = models.TextField()
    began_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    def __str__(self):
        return self.title


class Notice(models.Model):
    """A message to a person or a webhook, kept here until it has been taken.

    One to neither goes to the webhook of the installation.
    """

    class Kind(models.TextChoices):
        FAILED = "failed"
        STILL_FAILING = "still failing"
        RECOVERED = "recovered"
        SUCCEEDED = "succeeded"
        SKIPPED = "skipped"  # there were no rows, so nothing was sent
        HELD = "held"  # somebody has to release it
        PAUSED = "paused"
        TEST = "test"
        ALARM = "alarm"  # to administrators: something does not run
        OVER = "over"

    kind = models.CharField(max_length=20, choices=Kind)
    user = models.ForeignKey(USER, models.CASCADE, null=True, related_name="notices")
    webhook = models.ForeignKey(Webhook, models.CASCADE, null=True, related_name="notices")
    query = models.ForeignKey(Query, models.SET_NULL, null=True, related_name="notices")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="notices")
    subject = models.CharField(max_length=300)
    body = models.TextField()
    event = models.JSONField(null=True)  # what a webhook that takes JSON is sent
    created_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)  # why the last attempt failed

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["sent_at", "given_up_at", "not_before"], name="notice_waiting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user=None) | models.Q(webhook=None), name="notice_to_one"
            )
        ]

    def __str__(self):
        return self.subject
