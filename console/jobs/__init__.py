"""Jobs: submitted by pages, commands and schedules, run by workers. The `Job` row is the truth."""

from console.jobs.clock import Clock, bring_back
from console.jobs.control import cluster_alive, kill, skip_waiting, workers_alive
from console.jobs.holding import drop, release
from console.jobs.reaper import give_back_lost, reap, send_missing
from console.jobs.resending import resend, resend_once
from console.jobs.results import NoResult, csv_lines, grid, rows_of
from console.jobs.retention import prune
from console.jobs.retrying import retry, retry_once
from console.jobs.running import run, take_turn
from console.jobs.submission import (
    made,
    new_job,
    submit,
    submit_once,
    submit_query,
)
from console.jobs.waiting import waiting

__all__ = [
    "Clock",
    "NoResult",
    "bring_back",
    "cluster_alive",
    "csv_lines",
    "drop",
    "give_back_lost",
    "grid",
    "kill",
    "made",
    "new_job",
    "prune",
    "reap",
    "release",
    "resend",
    "resend_once",
    "retry",
    "retry_once",
    "rows_of",
    "run",
    "send_missing",
    "skip_waiting",
    "submit",
    "submit_once",
    "submit_query",
    "take_turn",
    "waiting",
    "workers_alive",
]
