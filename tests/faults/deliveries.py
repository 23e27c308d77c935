"""What jobs deliver here, and what has to be true of it at the destination."""

from contextlib import suppress
from datetime import timedelta

from django.utils import timezone

from console import jobs
from console.models import Job
from tests.integrations.exports import hashed

SQL = (
    "SELECT x AS n, lpad(cast(x AS varchar), 60, '.') AS text "
    "FROM UNNEST(sequence(1, 20000)) t(x) ORDER BY x"
)
LINES = "".join(f"{n},{n:.>60}\n" for n in range(1, 20_001))
DATA = f"n,text\n{LINES}".encode()
OLD = b"of last week\n"


class Drop:
    """The folder at the destination, and what has to be true of it."""

    def __init__(self, server):
        self.root = server.root
        self.file = self.root / "in/people.csv"

    def keep(self, data=OLD):
        """Put the file of an earlier day there."""
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_bytes(data)

    def all(self):
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def sizes(self):
        """Return the size of each file. One can get another name meanwhile."""
        sizes = {}
        for path in self.all():
            with suppress(FileNotFoundError):
                sizes[path] = path.stat().st_size
        return sizes

    def made(self):
        """Return what another file of the same bytes would have otherwise."""
        found = self.file.stat()
        return found.st_ino, found.st_mtime_ns

    def holds(self, data):
        """Assert that the file has these bytes and that nothing lies beside it."""
        assert self.file.read_bytes() == data
        assert self.all() == [self.file]

    def is_as_before(self, data=None):
        """Assert that nothing has changed there: the old file, or none."""
        if data is None:
            assert self.all() == []
        else:
            self.holds(data)

    def has_once(self, job, data=DATA):
        """Assert that the job has delivered the bytes: whole, once, and said so once."""
        assert job.status == "success", (job.error, job.traceback)
        self.holds(data)
        [file] = job.receipt["files"]
        assert (file["bytes"], file["sha256"]) == (len(data), hashed(data))
        assert len([text for text in texts(job) if text.startswith("Delivered")]) == 1
        assert (job.worker, job.lease_until) == ("", None)


def texts(job):
    return [line.text for line in job.lines.all()]


def run(job):
    """Run the job in this process, as another worker, and return it as it is then."""
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def worker_of(job) -> int:
    """Return the process that has claimed the job."""
    job.refresh_from_db()
    return int(job.worker.partition("-")[0])


def let_its_lease_end(job):
    """Let the time pass until the lease of a job's worker is over."""
    Job.objects.filter(pk=job.pk).exclude(lease_until=None).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def run_after_the_lease(job):
    """Let the lease of a dead worker run out, and another worker take the job."""
    assert jobs.reap(timezone.now() + timedelta(minutes=1))
    job.refresh_from_db()
    return run(job) if job.status == Job.Status.QUEUED else job
