"""Authentications: named credentials of a connector. Webhooks, and the host keys of servers met."""

import base64
import hashlib
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations import secrets
from integrations.connectors import CONNECTORS
from integrations.errors import PermanentError
from integrations.signatures import new_secret
from integrations.transports.http import Url

FORMER_KEPT = timedelta(days=1)  # in which a receiver can be given a new secret


class Sealed(models.Model):
    """Something with settings that are kept encrypted, as one token."""

    sealed = models.TextField(editable=False)

    class Meta:
        abstract = True

    @property
    def settings(self):
        """The settings, secrets included. Raises SecretUnreadable."""
        return secrets.unseal(self.sealed) if self.sealed else {}

    @settings.setter
    def settings(self, value):
        self.sealed = secrets.seal(value)

    @property
    def readable(self):
        """Whether a key of this server opens the settings."""
        try:
            secrets.unseal(self.sealed)
        except secrets.SecretUnreadable:
            return False
        return True


class Authentication(Sealed):
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=50, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    shared_users = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="shared_authentications"
    )
    shared_groups = models.ManyToManyField(Group, blank=True, related_name="shared_authentications")
    # Made from credentials in a --result; not offered in lists to choose from.
    inline = models.BooleanField(default=False, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    exports_at_once = models.PositiveSmallIntegerField(
        "exports at a time",
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="Many servers allow one account few log-ins at once. Exports beyond this "
        "number wait for their turn. From 1 to 50.",
    )
    secrets_set = models.JSONField(default=dict, editable=False)  # field name -> when, ISO 8601
    tested_at = models.DateTimeField(null=True, editable=False)
    test_steps = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(inline=False),
                name="authentication_name",
                violation_error_message="There is an authentication of that name already.",
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("authentication", args=[self.pk])

    def clean(self):
        """Check the name, which no form can do: its constraint is about a hidden field too."""
        try:
            self.validate_constraints()
        except ValidationError as error:
            raise ValidationError({"name": error.messages}) from None

    @property
    def connector(self):
        """The class of its connector."""
        return CONNECTORS[self.type]

    @property
    def plain_settings(self):
        """The settings without secrets; none of them where no key opens them."""
        if not self.readable:
            return {}
        hidden = self.connector.Authentication.secrets()
        return {name: value for name, value in self.settings.items() if name not in hidden}

    @property
    def mark(self):
        """What tells whether the credentials have changed since they were shown."""
        return secrets.fingerprint(self.settings if self.readable else self.sealed)

    def replace_settings(self, settings):
        """Take new settings, and note when each secret among them was set.

        A test of other ones says nothing of them.
        """
        before = self.settings if self.sealed and self.readable else {}
        now = timezone.now().isoformat()
        self.secrets_set = {
            name: now if settings[name] != before.get(name) else self.secrets_set.get(name, now)
            for name in sorted(self.connector.Authentication.secrets())
            if settings.get(name)
        }
        if settings != before:
            self.tested_at, self.test_steps = None, []
        if self.inline:
            self.fingerprint = secrets.fingerprint([self.type, settings])
        self.settings = settings


class ConnectionTest(models.Model):
    """A test of an authentication that was made, and what came of it in a sentence."""

    # The version before deletes authentications and people without knowing of these rows.
    authentication = models.ForeignKey(
        Authentication, models.CASCADE, related_name="tests", db_constraint=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    at = models.DateTimeField()
    took = models.DurationField()
    failed = models.CharField(max_length=50, blank=True)  # the step, or nothing where all passed
    sentence = models.TextField(blank=True)
    outdated = models.BooleanField(default=False, db_default=False)  # of earlier credentials

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.failed or 'passed'}, {self.at:%Y-%m-%d %H:%M} UTC"


class SwitchedOff(models.Model):
    """A connector for which nothing new can be made. What was made before goes on."""

    type = models.CharField("connector", max_length=50, unique=True)
    reason = models.CharField(
        max_length=200, blank=True, help_text="Shown with it, such as what to use in its place."
    )
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "connector switched off"
        verbose_name_plural = "connectors switched off"

    def __str__(self):
        return CONNECTORS[self.type].label if self.type in CONNECTORS else self.type

    @property
    def sentence(self):
        """That it is switched off, and why."""
        why = f" {self.reason.rstrip('.')}." if self.reason else ""
        return f"{self} is switched off by an administrator.{why}"


def inline_authentication(owner, connector, settings):
    """Return the owner's hidden authentication with these settings; make it where there is none."""
    fingerprint = secrets.fingerprint([connector.name, settings])
    mine = Authentication.objects.filter(owner=owner, inline=True, fingerprint=fingerprint)
    # A rotation that lost a key leaves rows that do not open: those are of no use here.
    found = next((each for each in mine if each.readable), None)
    # It is in use from now on: what was not used for long is deleted.
    if found and Authentication.objects.filter(pk=found.pk).update(updated_at=timezone.now()):
        return found
    made = Authentication(
        name=f"{connector.label} from --result",
        type=connector.name,
        owner=owner,
        inline=True,
    )
    made.replace_settings(settings)
    made.save()
    return made


class Webhook(Sealed):
    """An address that is sent what happens. It can hold a secret: it is never shown whole."""

    class Shape(models.TextChoices):
        SLACK = "slack", "Slack message"
        SIGNED = "signed", "Signed JSON"

    shape = models.CharField(max_length=10, choices=Shape, default=Shape.SLACK)
    on_success = models.BooleanField(default=False)  # of failures it hears in any case
    replaced_at = models.DateTimeField(null=True, editable=False)  # when its secret was
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self):
        return self.shown

    @property
    def shown(self):
        """The server and the last characters: enough to tell one from another."""
        try:
            url = self.settings["url"]
        except secrets.SecretUnreadable:
            return "an address that no key of this server opens"
        return f"{Url.parse(url).place} …{url[-4:]}"

    def replace_secret(self):
        """Sign with a new secret, and for a day with the one before too. Return the new one."""
        kept, secret = self.settings, new_secret()
        self.settings = kept | {"secret": secret, "former": kept.get("secret")}
        self.replaced_at = timezone.now() if "secret" in kept else None
        return secret

    def secrets(self, now):
        """Return what to sign with, the newest first; nothing for a shape that is not signed."""
        kept = self.settings
        if self.shape != self.Shape.SIGNED:
            return []
        both = self.replaced_at and now - self.replaced_at < FORMER_KEPT and kept.get("former")
        return [kept["secret"], kept["former"]] if both else [kept["secret"]]


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

    @property
    def fingerprint(self):
        """The key as `ssh-keygen -l` shows it."""
        digest = hashlib.sha256(base64.b64decode(self.key.split()[1])).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def server_of(settings):
    """Return the (host, port) that the settings of an authentication lead to."""
    return str(settings.get("host", "")).lower(), settings.get("port")


class PinnedHosts:
    """The known hosts of every export: one key a server, the first it showed."""

    def get(self, host, port):
        pinned = HostKey.objects.filter(host=host.lower(), port=port).first()
        return pinned and pinned.key

    def pin(self, host, port, key):
        pinned, _ = HostKey.objects.get_or_create(
            host=host.lower(), port=port, defaults={"key": key}
        )
        if pinned.key != key:
            raise PermanentError(
                f"Two connections at once to {host}:{port} were shown different host keys.",
                remedy="Ask the owner of the server for its fingerprint before going on.",
            )
