"""Databases, tables, queries, schedules and jobs of the Data Workbench, and its messages."""

from console.models.delivered import Delivered
from console.models.deliveries import Delivery, LogKey, LookUp
from console.models.jobs import Job, JobLine
from console.models.messages import Alarm, Notice, Pulse
from console.models.queries import Query, QueryVersion
from console.models.schedules import DueSlot, Schedule, Trigger
from console.models.tables import Database, Table

__all__ = [
    "Alarm",
    "Database",
    "Delivered",
    "Delivery",
    "DueSlot",
    "Job",
    "JobLine",
    "LogKey",
    "LookUp",
    "Notice",
    "Pulse",
    "Query",
    "QueryVersion",
    "Schedule",
    "Table",
    "Trigger",
]
