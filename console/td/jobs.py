"""`td job:list`, `job:show` and `job:kill`."""

from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Coalesce, Now

from console import jobs
from console.models import Job
from console.queries.access import visible_jobs
from console.td import options, rendering, results, waiting
from console.td.destinations import shown
from console.td.errors import Refused

FIELDS = ["JobID", "Status", "Start", "Elapsed", "CPUTime", "ResultSize", "Priority"]
FIELDS += ["Result", "Type", "Database", "Query", "Duration"]
SHOWN_SQL = 50


def visible(owner):
    return visible_jobs(owner).select_related("authentication", "owner")


def list_arguments(parser):
    add = parser.add_argument
    add("max", nargs="?", type=int, default=20, help="how many jobs to show")
    add("-p", "--page", type=int, default=0, help="skip N pages")
    add("-s", "--skip", type=int, default=0, metavar="N", help="skip N jobs")
    for letter, name, status in (("R", "running", "running"), ("S", "success", "succeeded")):
        status = f"show only {status} jobs"
        add(f"-{letter}", f"--{name}", dest="status", action="store_const", const=name, help=status)
    add(
        "-E",
        "--error",
        dest="status",
        action="store_const",
        const="error",
        help="show only failed jobs",
    )
    add(
        "--slow",
        nargs="?",
        type=int,
        const=3600,
        metavar="SECONDS",
        help="show slow queries (default threshold: 3600 seconds)",
    )
    options.format_option(parser)


def list_jobs(asked, owner, out):
    found = visible(owner)
    if asked.status:
        found = found.filter(status=asked.status)
    if asked.slow is not None:
        taken = Coalesce(F("ended_at"), Now()) - F("started_at")
        found = found.annotate(taken=taken).filter(taken__gte=timedelta(seconds=asked.slow))
    skip = asked.skip + asked.max * asked.page
    rows = [row_of(job, asked.format) for job in found[skip : skip + asked.max]]
    out.write(rendering.listing(rows, FIELDS, asked.format) + "\n")
    return 0


def row_of(job, form):
    took = job.ended_at - job.started_at if job.started_at and job.ended_at else None
    return {
        "JobID": job.pk,
        "Status": job.status,
        "Start": rendering.local(job.started_at),
        "Elapsed": rendering.elapsed(job.started_at, job.ended_at).rjust(11),
        "CPUTime": "".rjust(17),
        "ResultSize": "" if job.result_bytes is None else rendering.size(job.result_bytes),
        "Priority": options.PRIORITIES.get(job.priority, "NORMAL"),
        "Result": shown(job),
        "Type": job.engine,
        "Database": job.database,
        "Query": f"{job.text[:SHOWN_SQL]} ..." if form in (None, "table") else job.text,
        "Duration": str(timedelta(seconds=int(took.total_seconds()))).zfill(8) if took else None,
    }


def show_arguments(parser):
    parser.add_argument("job_id", type=int)
    parser.add_argument("-v", "--verbose", action="store_true", help="show logs")
    parser.add_argument(
        "-w", "--wait", type=int, metavar="SECONDS", help="wait for finishing the job"
    )
    options.result_options(parser)


def show_job(asked, owner, out):
    results.check_formats(asked)
    job = job_of(asked.job_id, owner)
    out.write("".join(f"{name:<12}: {value}\n" for name, value in facts(job)))
    if asked.wait is not None and not job.finished:
        out.write(f"the job {job.pk} is still running...\n")
        waiting.wait(job, out, asked.wait if asked.wait >= 0 else None)
        out.write(f"Status      : {job.status}\n")
    if job.finished and job.result_path and not asked.exclude:
        show_result(job, asked, out)
    if asked.verbose:
        details(job, out)
    else:
        out.write("Use '-v' option to show detailed messages.\n")
    return int(asked.wait is not None and job.status != Job.Status.SUCCESS)


def show_result(job, asked, out):
    out.write("Result      :\n")
    try:
        results.show(jobs.rows_of(job), asked, out)
    except jobs.NoResult as gone:
        out.write(f"{gone}\n")


def facts(job):
    yield from (
        ("JobID", job.pk),
        ("Status", job.status),
        ("Type", job.engine),
        ("Database", job.database),
        ("Start At", rendering.utc(job.started_at)),
        ("End At", rendering.utc(job.ended_at)),
        ("Priority", options.PRIORITIES.get(job.priority, "NORMAL")),
        ("Retry limit", job.attempts_allowed - 1),
        ("Output", shown(job)),
        ("Query", job.text),
    )
    if job.finished:
        yield "Result size", rendering.size(job.result_bytes)
    if job.held:
        yield "Held", job.held_because
    if waits := jobs.waiting([job]).get(job.pk):
        yield "Waits", waits.removeprefix("Waits: ")
    if job.receipt and job.receipt.get("skipped"):
        yield "Skipped", job.receipt["skipped"]
    if job.rejected:
        yield "Rejected", f"{job.rejected:,}"
    if job.error:
        yield "Error", " ".join(filter(None, (job.error, job.remedy)))


def details(job, out):
    out.write("\nOutput:\n")
    waiting.print_lines(job, out, 0)
    if job.traceback:
        out.write("\nDetails:\n")
        out.writelines(f"  {line}\n" for line in job.traceback.splitlines())


def kill_arguments(parser):
    parser.add_argument("job_id", type=int)


def kill_job(asked, owner, out):
    job = job_of(asked.job_id, owner)
    former = jobs.kill(job, owner)
    if former in Job.FINISHED:
        out.write(f"Job {job.pk} is already finished ({former})\n")
    elif former == Job.Status.RUNNING:
        out.write(f"Job {job.pk} is killed.\n")
    else:
        out.write(f"Job {job.pk} is canceled.\n")
    return 0


def job_of(number, owner):
    job = visible(owner).filter(pk=number).first()
    if job is None:
        raise Refused(f"Couldn't find job {number}.\nUse 'td job:list' to show list of the jobs.")
    return job
