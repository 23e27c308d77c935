"""Authentications: named credentials of a connector. And the host keys of the servers met."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.urls import reverse

from integrations import secrets
from integrations.connectors import CONNECTORS


class Authentication(models.Model):
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=50, editable=False)
    sealed = models.TextField(editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    shared_users = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="shared_authentications"
    )
    shared_groups = models.ManyToManyField(Group, blank=True, related_name="shared_authentications")
    # Made from credentials in a --result; not offered in lists to choose from.
    inline = models.BooleanField(default=False, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    secrets_set = models.JSONField(default=dict, editable=False)  # field name -> when, ISO 8601
    tested_at = models.DateTimeField(null=True, editable=False)
    test_steps = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(inline=False), name="authentication_name"
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("authentication", args=[self.pk])

    @property
    def settings(self):
        """The settings, secrets included. Raises SecretUnreadable."""
        return secrets.unseal(self.sealed) if self.sealed else {}

    @settings.setter
    def settings(self, value):
        self.sealed = secrets.seal(value)

    @property
    def connector(self):
        """The class of its connector."""
        return CONNECTORS[self.type]


class HostKey(models.Model):
    """The key a server showed when it was first met. A different one later stops the export."""

    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField()
    key = models.TextField()
    pinned_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "port"], name="host_key_place")]

    def __str__(self):
        return f"{self.host}:{self.port}"
