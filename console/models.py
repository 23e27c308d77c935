"""Databases, tables, queries, schedules and jobs of the Data Workbench."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.urls import reverse

from integrations.models import Authentication, Webhook

USER = settings.AUTH_USER_MODEL


class Database(models.Model):
    name = models.CharField(max_length=128, unique=True)
    owner = models.ForeignKey(USER, models.PROTECT, related_name="+")
    everyone_reads = models.BooleanField(default=True)
    readers = models.ManyToManyField(Group, blank=True, related_name="+")
    writers = models.ManyToManyField(Group, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("database", args=[self.name])


class Table(models.Model):
    """A table: its rows are the rows of its Parquet files, in their order."""

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
    version = models.PositiveIntegerField(default=1, editable=False)
    owner = models.ForeignKey(USER, models.PROTECT, related_name="+")
    authentication = models.ForeignKey(
        Authentication, models.PROTECT, null=True, blank=True, related_name="queries"
    )
    export = models.JSONField(null=True, blank=True, editable=False)  # settings, no secrets
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


class Job(models.Model):
    """One run of some SQL, and the delivery of its result. This row is the truth about it."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        BOOTING = "booting"
        RUNNING = "running"
        SUCCESS = "success"
        ERROR = "error"
        KILLED = "killed"
        SKIPPED = "skipped"  # a slot that its schedule did not run

    class Phase(models.TextChoices):
        QUEUED = "queued"
        QUERYING = "querying"
        WRITING = "writing"
        UPLOADING = "uploading"
        DONE = "done"

    RAN = (Status.SUCCESS, Status.ERROR, Status.KILLED)

    class Failure(models.TextChoices):
        PASSING = "passing"  # it may go well by itself the next time
        LASTING = "lasting"  # it fails again until somebody changes something
        FAULT = "fault"  # it is not known which

    FINISHED = (*RAN, Status.SKIPPED)

    # What to do. Copied from the query when the job is made: later edits do not change it.
    name = models.CharField(max_length=255, blank=True)
    query = models.ForeignKey(Query, models.SET_NULL, null=True, related_name="jobs")
    query_version = models.PositiveIntegerField(null=True)
    database = models.CharField(max_length=128)
    engine = models.CharField(max_length=20, default="trino")
    sql = models.TextField()
    builds = models.JSONField(null=True)  # {database: {table: SELECT}}, made together
    owner = models.ForeignKey(USER, models.PROTECT, related_name="jobs")
    # A query protects the authentication it exports with; what already ran does not.
    authentication = models.ForeignKey(
        Authentication, models.SET_NULL, null=True, related_name="jobs"
    )
    export = models.JSONField(null=True)  # settings of the export, no secrets
    priority = models.SmallIntegerField(default=0)
    schedule = models.ForeignKey(Schedule, models.SET_NULL, null=True, related_name="jobs")
    slot = models.DateTimeField(null=True)  # when the schedule was due
    timezone = models.CharField(max_length=64, default="UTC")  # of the schedule
    in_turn = models.BooleanField(default=False)  # waits for those of its schedule before it
    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="retries")

    # Where it is.
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    attempts_allowed = models.PositiveSmallIntegerField(default=1)
    not_before = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)  # token of the claim
    lease_until = models.DateTimeField(null=True)
    held_because = models.TextField(blank=True)  # a queued job with it waits for a person
    released_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    kill_requested_at = models.DateTimeField(null=True)
    kill_requested_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    progress = models.FloatField(null=True)  # 0 to 1 within the phase, when it can be known
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    # What came of it.
    result_path = models.CharField(max_length=255, blank=True)  # under RESULTS_DIR
    result_columns = models.JSONField(default=list)  # [[name, type], …] in Trino's type names
    rows = models.PositiveBigIntegerField(null=True)
    result_bytes = models.PositiveBigIntegerField(null=True)
    sent_bytes = models.PositiveBigIntegerField(default=0)
    receipt = models.JSONField(null=True)
    rejected = models.PositiveBigIntegerField(default=0)  # rows that were not delivered
    rejects_path = models.CharField(max_length=255, blank=True)  # under RESULTS_DIR
    failure = models.CharField(max_length=10, choices=Failure, blank=True)
    error = models.TextField(blank=True)  # one sentence: what happened
    remedy = models.TextField(blank=True)  # what to do about it
    error_line = models.PositiveIntegerField(null=True)  # of the SQL, from 1
    error_column = models.PositiveIntegerField(null=True)
    traceback = models.TextField(blank=True)  # folded away on the page; redacted

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "lease_until"], name="job_lease"),
            models.Index(fields=["owner", "-id"], name="job_owner"),
            # The order in which workers take them: ten thousand that wait are not sorted each time.
            models.Index(fields=["status", "-priority", "id"], name="job_turn"),
            models.Index(fields=["schedule", "status"], name="job_of_schedule"),
        ]
        constraints = [models.UniqueConstraint(fields=["schedule", "slot"], name="job_slot")]

    def __str__(self):
        return f"Job {self.pk}"

    def get_absolute_url(self):
        return reverse("job", args=[self.pk])

    @property
    def finished(self):
        return self.status in self.FINISHED

    @property
    def held(self):
        """Whether the job waits until a person releases or drops it."""
        return self.status == self.Status.QUEUED and bool(self.held_because)

    @property
    def may_be_in_part(self):
        """Whether some of the rows may have arrived though the job did not succeed."""
        kind = self.authentication and self.authentication.connector
        failed = self.status in (self.Status.ERROR, self.Status.KILLED)
        return bool(failed and kind and kind.in_parts and self.sent_bytes)

    @property
    def settled(self):
        """Whether nothing more happens to the job by itself."""
        return self.finished or self.held


class JobLine(models.Model):
    """A line of a job's log."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="lines")
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.text


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
