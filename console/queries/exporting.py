"""Where a query's result goes, and what the file would look like."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone as clock

from console import tables
from console.engines import QueryError
from console.jobs.changes.wishes import Changes
from console.jobs.querying import slot_of
from console.jobs.results import NoResult, rows_of
from console.jobs.retrying import first_of
from console.jobs.testing import few_rows, part_for
from console.models import Job
from console.queries.access import visible_jobs
from console.schedules.chains import course
from integrations.access import sample_for
from integrations.connectors.few_rows import FewRows
from integrations.contract import look, sound
from integrations.delivery import Delivery

PREVIEW_BYTES = 2048
IDS = "export_%s"  # of fields: the page of the query has a database too
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Name(NamedTuple):
    """Where a run puts the file."""

    when: str  # Next, Now, Last; Writes where every run has the same
    slot: datetime | None
    path: str


def set_export(query, authentication, settings, changes=None):
    """Send the results of the query's jobs to this destination from now on.

    `changes` is how to send only what changed, as ChangesForm has it; without, all is sent.
    """
    query.authentication, query.export, query.changes = authentication, settings, changes
    query.save(update_fields=["authentication", "export", "changes", "updated_at"])


def remove_export(query):
    """Keep the results of the query's jobs in the console."""
    set_export(query, None, None)


def last_result(query, user):
    """Return the newest job of the query that has a result the user may see, or None."""
    done = visible_jobs(user).filter(query=query, status=Job.Status.SUCCESS).exclude(result_path="")
    return next(filter(has_result, done[:5]), None)


def has_result(job):
    try:
        return bool(rows_of(job))
    except NoResult:
        return False


def target_of(authentication, settings):
    """Return database, table and mode where an export goes to a table of the console, or None."""
    if authentication is None or settings is None:
        return None
    return authentication.connector({}, settings).target()


def path_at(query):
    """Return a function that tells where the run of a slot will put its file; "" for nowhere."""
    kind = query.authentication and query.authentication.connector
    if query.export is None or not hasattr(kind, "path"):
        return lambda slot: ""
    connector = kind(query.authentication.plain_settings, query.export)
    return lambda slot: paths(connector, query.changes, Delivery(slot=slot, number="{job}"))


def paths(connector, changes: dict | None, delivery: Delivery) -> str:
    """Return the path of a run's file, or those of all files that it sends apart."""
    apart = names_of_parts(connector, changes, delivery) if changes else []
    return ", ".join(apart) or connector.path(delivery)


def names_of_parts(connector, changes: dict, delivery: Delivery) -> list[str]:
    """Return the files of a run that sends each operation apart."""
    wanted = Changes.of(changes)
    parts = [name for name, on in wanted.send.items() if on and wanted.apart]
    return [connector.path_of_part(replace(delivery, part=part)) for part in parts]


class Draft:
    """An export as it stands on a page: its settings, its file, its --result.

    The query may be one that was not saved yet. A page with more fields than those of the export
    gives them a prefix.
    """

    def __init__(self, query, authentication, data=None, prefix=None):
        self.query, self.prefix = query, prefix
        self.authentication = authentication
        self.kept_target = target_of(query.authentication, query.export)
        self.connector = authentication.connector
        form = self.connector.Export
        self.checked = form.from_json(self.stored()) if data is None else form(data, prefix=prefix)
        self.checked.auto_id = IDS
        self.checked.is_valid()
        self.settings = self.checked.cleaned_data

    def stored(self):
        """Return the settings saved on the query, where they are of the same connector."""
        before = self.query.authentication
        same = before and before.type == self.authentication.type
        return (self.query.export or {}) if same else {}

    def form(self, columns=()):
        """Return the form that shows the settings without finding fault with them.

        The [name, type] columns of a result can suggest what nothing was said about.
        """
        shown = self.connector.Export(stored=self.assumed(), prefix=self.prefix)
        shown.suggest(columns)
        shown.auto_id = IDS
        return shown

    @property
    def complete(self):
        return not self.checked.errors

    def wrong(self):
        """Return the labels of the fields that are not right yet."""
        return [
            self.checked[name].label for name in self.checked.errors if name in self.checked.fields
        ]

    def only_lacking(self):
        """Return whether fields may be empty yet, but none has a wrong value."""
        found = self.checked.errors.as_data().values()
        return all(error.code == "required" for errors in found for error in errors)

    def names(self, changes=None):
        """Return the paths of the file as Name; none where that is not known yet."""
        if not (self.complete and hasattr(self.connector, "path")):
            return []
        when, name = "Next" if self.next_slot() else "Now", partial(self.name, changes)
        following = name(when, self.slot(), "{job}")
        if following.path == name("", LONG_AGO, "0").path:
            return [Name("Writes", None, following.path)]
        if last := self.query.pk and self.query.jobs.exclude(slot=None).first():
            return [following, name("Last", slot_of(last), str(first_of(last).pk))]
        return [following]

    def name(self, changes, when, slot, number):
        connector = self.connector(self.authentication.plain_settings, self.settings)
        return Name(when, slot, paths(connector, changes, Delivery(slot=slot, number=number)))

    @property
    def writes_file(self):
        return hasattr(self.connector, "preview")

    def preview(self, rows):
        """Return the first bytes of the very file of some Rows; None where there is no file."""
        if rows is None or not (self.only_lacking() and self.writes_file):
            return None
        settings = self.assumed()
        sent = sound(rows, self.connector.contract, settings)
        return self.connector({}, settings).preview(sent, PREVIEW_BYTES)

    def look(self, rows):
        """Return what the receiver's rules say of Rows; None where it has none."""
        if rows is None or not self.only_lacking():
            return None
        return look(rows, self.connector.contract, self.assumed())

    @property
    def replaced(self) -> str:
        """What each run takes the place of as a whole; nothing while that cannot be told."""
        return self.connector({}, self.settings).replaced() if self.complete else ""

    @property
    def removals(self) -> str:
        """Why rows that were removed cannot be sent; nothing where they can, or as yet."""
        return self.connector({}, self.settings).removals() if self.complete else ""

    def few(self, changes=None) -> FewRows:
        """Return what a test with a few rows does with the settings as they are."""
        return few_rows(self.connector({}, self.assumed()), changes)

    def test_path(self, changes=None):
        """Return where such a test puts its file; nothing where there is none, or not yet."""
        offered = self.complete and self.few(changes).offered
        if not (offered and hasattr(self.connector, "path_of_part")):
            return ""
        part = part_for(changes)
        now = clock.now().astimezone(self.zone())
        delivery = Delivery(slot=now, number="{job}", test=True, part=part)
        connector = self.connector(self.authentication.plain_settings, self.settings)
        return connector.path_of_part(delivery)

    def misses(self, columns, viewer):
        """Return why rows with such columns cannot be put into the table that was chosen.

        Who chose another table than that of before has to have the right to write there as well.
        """
        if not (self.complete and (target := target_of(self.authentication, self.settings))):
            return ""
        *table, mode = target
        people = [self.query.owner] if target == self.kept_target else [viewer, self.query.owner]
        try:
            for user in people:
                tables.check(tuple(table), user, columns, mode=mode)
        except (tables.TableError, QueryError) as error:
            return str(error)
        return ""

    def assumed(self):
        """Return the settings, with defaults where nothing was entered yet."""
        return self.connector.Export.defaults() | self.settings

    def encoded_size(self, start):
        """Return the size that the first bytes have once they are encoded, where it is known."""
        return self.connector({}, self.settings).encoded_size(start)

    def result_json(self, viewer):
        """Return the equal --result, with *** in the place of what the viewer may not see."""
        known = sample_for(viewer, self.authentication, self.settings)
        return json.dumps(known, indent=2, ensure_ascii=False)

    def slot(self):
        """Return what names depend on: the next slot of the schedule, or now, in its time zone."""
        return (self.next_slot() or clock.now()).astimezone(self.zone())

    def zone(self):
        schedule = self.query.schedule
        return ZoneInfo(schedule.timezone if schedule else "UTC")

    def next_slot(self):
        return course(self.query.schedule).next_slot if self.query.schedule else None
