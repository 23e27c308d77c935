"""When something runs: at times, or after something else."""

from django.conf import settings
from django.db import models
from django.db.models import Q

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

    class Unit(models.TextChoices):
        ONCE = "once", "Once"
        HOUR = "hour", "Hours"
        DAY = "day", "Days"
        WEEK = "week", "Weeks"
        MONTH = "month", "Months"

    # @hourly, @daily or five fields; empty where it repeats, or runs after something else.
    cron = models.CharField(max_length=200, blank=True)
    # What repeats every so many units, counted from its start.
    repeat = models.CharField(max_length=10, choices=Unit, blank=True)
    every = models.PositiveSmallIntegerField(default=1)
    weekdays = models.CharField(max_length=7, blank=True)  # of weeks: digits, 1 is Monday
    month_day = models.PositiveSmallIntegerField(null=True, blank=True)  # 31: the last one
    at = models.TimeField(null=True, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)  # the last date, in the time zone
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

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cron="") | Q(repeat=""), name="cron_or_repeat"),
            models.CheckConstraint(
                condition=Q(repeat="") | Q(starts_at__isnull=False, every__gte=1),
                name="repeat_counts_from_start",
            ),
            models.CheckConstraint(
                condition=~Q(repeat__in=("day", "week", "month")) | Q(at__isnull=False),
                name="repeat_at_time",
            ),
            models.CheckConstraint(
                condition=~Q(repeat="week") | ~Q(weekdays=""), name="week_has_days"
            ),
            models.CheckConstraint(
                condition=~Q(repeat="month") | Q(month_day__isnull=False, month_day__range=(1, 31)),
                name="month_has_day",
            ),
        ]

    def __str__(self):
        if self.follows:
            return f"after {self.follows.upstream}"
        return f"{self.cron or self.interval} {self.timezone}"

    @property
    def interval(self) -> str:
        """How often it repeats, in few words, such as `every 2 weeks`."""
        if self.repeat == self.Unit.ONCE:
            return "once"
        return f"every {self.repeat}" if self.every == 1 else f"every {self.every} {self.repeat}s"

    @property
    def ended(self) -> bool:
        """Whether there is no slot any more, as its end has come."""
        ends = self.ends_on is not None or self.repeat == self.Unit.ONCE
        return ends and self.next_slot is None and not self.follows

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
    """A slot that the end of an upstream's job made due, or a shorter delay: the tick runs it."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="due_slots")
    slot = models.DateTimeField()
    starts_at = models.DateTimeField(db_index=True)
    because = models.ForeignKey("Job", models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["slot"]
        constraints = [models.UniqueConstraint(fields=["schedule", "slot"], name="due_slot")]

    def __str__(self):
        return f"{self.schedule} {self.slot}"
