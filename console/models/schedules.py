"""When something runs: at times, or after something else."""

from django.conf import settings
from django.db import models

USER = settings.AUTH_USER_MODEL


class Schedule(models.Model):
    """When something runs: its slots are the times it is due; a delay moves only the run."""

    class Missed(models.TextChoices):
        LAST = "last", "Run the latest"
        ALL = "all", "Run all of them"
        SKIP = "skip", "Skip them"

    class Overlap(models.TextChoices):
        QUEUE = "queue", "Wait for it to end"
        SKIP = "skip", "Skip the slot"
        ALLOW = "allow", "Run beside it"

    # @hourly, @daily or five fields; empty where it runs after something else.
    cron = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC")
    delay = models.PositiveIntegerField(default=0)  # seconds
    # What becomes of slots that nothing could run, and of one while an earlier run goes on.
    missed = models.CharField(max_length=10, choices=Missed, default=Missed.LAST)
    missed_most = models.PositiveSmallIntegerField(default=10)  # of all of them, the latest
    missed_hours = models.PositiveSmallIntegerField(default=24)  # of all of them, no older
    overlap = models.CharField(max_length=10, choices=Overlap, default=Overlap.QUEUE)
    next_slot = models.DateTimeField(null=True, editable=False, db_index=True)
    paused_at = models.DateTimeField(null=True, editable=False)
    paused_because = models.TextField(blank=True, editable=False)
    resumed_at = models.DateTimeField(null=True, editable=False)
    paused_by = models.ForeignKey(  # by hand: it stays paused until somebody resumes it
        USER, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"after {self.follows.upstream}" if self.follows else f"{self.cron} {self.timezone}"

    @property
    def follows(self):
        """The Trigger of a schedule that runs after something else, or None."""
        return getattr(self, "trigger", None)


class Trigger(models.Model):
    """What a schedule runs after, in the place of a cron expression.

    Each kind of upstream has a column of its own here, and a line in `jobs.following`.
    """

    schedule = models.OneToOneField(
        Schedule, models.CASCADE, primary_key=True, related_name="trigger"
    )
    query = models.ForeignKey(  # None: it was deleted, and the schedule waits for another one
        "Query", models.SET_NULL, null=True, related_name="followers"
    )
    by_hand = models.BooleanField(default=False)  # also after runs that a person started

    def __str__(self):
        return f"after {self.upstream}"

    @property
    def upstream(self):
        return self.query


class DueSlot(models.Model):
    """A slot that the end of an upstream's job made due: the tick makes its job of it."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="due_slots")
    slot = models.DateTimeField()
    starts_at = models.DateTimeField(db_index=True)
    because = models.ForeignKey("Job", models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["slot"]
        constraints = [models.UniqueConstraint(fields=["schedule", "slot"], name="due_slot")]

    def __str__(self):
        return f"{self.schedule} {self.slot}"
