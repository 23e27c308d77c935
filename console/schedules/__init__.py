"""Schedules: cron expressions and repeats, slots, and the tick that turns due slots into jobs."""

from console.schedules.ahead import set_back
from console.schedules.chains import ChainError, followers
from console.schedules.cron import Cron, CronError, parse
from console.schedules.keeping import follow_query, pause, resume, schedule_query, unschedule
from console.schedules.repeats import Repeat
from console.schedules.ticker import SLOTS, tick
from console.schedules.times import Times, times, times_of
from console.schedules.words import describe, in_words, interval

__all__ = [
    "SLOTS",
    "ChainError",
    "Cron",
    "CronError",
    "Repeat",
    "Times",
    "describe",
    "follow_query",
    "followers",
    "in_words",
    "interval",
    "parse",
    "pause",
    "resume",
    "schedule_query",
    "set_back",
    "tick",
    "times",
    "times_of",
    "unschedule",
]
