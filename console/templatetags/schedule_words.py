"""Schedules and engines as the pages name them."""

from datetime import timedelta
from functools import cache

from django import template
from django.utils.html import format_html, format_html_join

from console.engines import ENGINES
from console.forms.repeats import timezones
from console.queries import chain
from console.schedules import CronError, in_words, interval, times_of
from console.schedules.chains import shown_to

register = template.Library()


@register.filter
def sentence(schedule):
    """Say when a schedule fires."""
    if schedule.follows:
        return f"{spelled(schedule)}."
    try:
        return in_words(times_of(schedule))
    except CronError as error:
        return f"Cannot be followed: {error}"


@register.filter
def spelled(schedule):
    """Write a schedule as its button does, in few words."""
    if schedule is None:
        return "None"
    if schedule.follows is None:
        return interval(times_of(schedule).rule) if schedule.repeat else schedule.cron
    if schedule.follows.query is None:
        return "After a query that was deleted"
    return f"After {schedule.follows.upstream}"


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


@register.simple_tag(takes_context=True)
def followed_by(context, query):
    """Return what runs after a query, as the user may see it."""
    return chain.followed_by(query, context["request"].user)


@register.simple_tag(takes_context=True)
def sentence_for(context, schedule):
    """Say when a schedule fires, to a user who may not see what it runs after."""
    upstream = schedule.follows and schedule.follows.query
    if not upstream:
        return sentence(schedule)
    return f"After {shown_to(context['request'].user, upstream)}."


@register.simple_tag
@cache
def timezone_list():
    """Write the names of all time zones, for the fields that complete them. There are 600: once."""
    names = ((name,) for name in timezones())
    options = format_html_join("", '<option value="{}">', names)
    return format_html('<datalist id="timezones">{}</datalist>', options)
