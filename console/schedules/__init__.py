"""Schedules: the cron grammar, slots, and the tick that turns due slots into jobs."""

from console.schedules.chains import ChainError, followers
from console.schedules.cron import Cron, CronError, parse
from console.schedules.keeping import follow_query, pause, resume, schedule_query, unschedule
from console.schedules.slots import next_slots
from console.schedules.ticker import tick
from console.schedules.words import describe

__all__ = [
    "ChainError",
    "Cron",
    "CronError",
    "describe",
    "follow_query",
    "followers",
    "next_slots",
    "parse",
    "pause",
    "resume",
    "schedule_query",
    "tick",
    "unschedule",
]
