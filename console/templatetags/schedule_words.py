"""Schedules and engines as the pages name them."""

from datetime import timedelta

from django import template

from console.engines import ENGINES
from console.schedules import CronError, describe

register = template.Library()


@register.filter
def sentence(schedule):
    """Say when a schedule fires."""
    try:
        return describe(schedule.cron)
    except CronError as error:
        return f"Cannot be followed: {error}"


@register.filter
def next_run(schedule):
    """Return when the schedule starts its next job: its slot and its delay; None without one."""
    if not schedule or not schedule.next_slot or schedule.paused_at:
        return None
    return schedule.next_slot + timedelta(seconds=schedule.delay)


@register.filter
def on_the_wall(moment):
    """Write a moment as a clock shows it in its own time zone, and the zone."""
    return f"{moment:%Y-%m-%d %H:%M:%S} {moment.tzinfo}"


@register.filter
def engine_label(name):
    return ENGINES.get(name, name)
