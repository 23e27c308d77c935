"""Jobs, and what their logs say."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from console.models.queries import Query
from console.models.schedules import Schedule
from integrations.models import Authentication

USER = settings.AUTH_USER_MODEL


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
        CHECKING = "checking"  # what the receiver asks of the rows
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
    about = models.JSONField(null=True)  # which activation it is a run of, and of what
    owner = models.ForeignKey(USER, models.PROTECT, related_name="jobs")
    # A query protects the authentication it exports with; what already ran does not.
    authentication = models.ForeignKey(
        Authentication, models.SET_NULL, null=True, related_name="jobs"
    )
    export = models.JSONField(null=True)  # settings of the export, no secrets
    changes = models.JSONField(null=True)  # how to send only what changed; None sends everything
    # A test of an export: {rows, of, sql, changes}, how many rows it sends at most, the page and
    # the SQL of what it tries, and how that sends only what changed. None: it is a run.
    test = models.JSONField(null=True)
    priority = models.SmallIntegerField(default=0)
    schedule = models.ForeignKey(Schedule, models.SET_NULL, null=True, related_name="jobs")
    slot = models.DateTimeField(null=True)  # when the schedule was due
    timezone = models.CharField(max_length=64, default="UTC")  # of the schedule
    in_turn = models.BooleanField(default=False)  # waits for those of its slots before it
    started_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")  # by hand
    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="retries")
    # The job whose rejected rows it sends, be it a retry of one that does.
    resend_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="resends")

    # Where it is.
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    attempts_allowed = models.PositiveSmallIntegerField(default=1)
    not_before = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)  # token of the claim
    lease_until = models.DateTimeField(null=True)
    # The receiver's account, where that takes only so many requests at once; how many of them
    # the job may send, while it exports, and how many there are.
    account = models.CharField(max_length=255, blank=True, default="", db_default="")
    requests = models.PositiveSmallIntegerField(default=0, db_default=0)
    most_requests = models.PositiveSmallIntegerField(default=0, db_default=0)
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
    compared = models.JSONField(null=True)  # with what was delivered before: what differs
    changes_path = models.CharField(max_length=255, blank=True)  # those rows, under RESULTS_DIR
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
            models.Index(fields=["query", "owner", "-id"], name="job_of_query"),
            models.Index(fields=["owner", "status", "ended_at"], name="job_ended"),
        ]
        constraints = [models.UniqueConstraint(fields=["schedule", "slot"], name="job_slot")]

    def __str__(self):
        return f"Job {self.pk}"

    def get_absolute_url(self):
        return reverse("job", args=[self.pk])

    @property
    def text(self):
        """The SQL that it is about. That of a test is where nobody runs it for all of its rows."""
        return (self.test or {}).get("sql", self.sql)

    @property
    def finished(self):
        return self.status in self.FINISHED

    @property
    def origin(self):
        """The job that was retried, or whose rejects were sent, and so on up to this one."""
        job = self
        while job.retry_of:
            job = job.retry_of
        return job

    @property
    def held(self):
        """Whether the job waits until a person releases or drops it."""
        return self.status == self.Status.QUEUED and bool(self.held_because)

    @property
    def may_be_in_part(self):
        """Whether some of the rows may have arrived though the job did not succeed."""
        failed = self.status in (self.Status.ERROR, self.Status.KILLED)
        return bool(failed and self.sent_bytes and self.sends_in_parts)

    @property
    def sends_in_parts(self):
        """Whether some of its rows can arrive without the others."""
        return bool(self.authentication and self.authentication.connector.in_parts)

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
