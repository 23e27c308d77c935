"""Destinations that are no servers of files: buckets, CleverTap's API, tables of the console."""

import csv
from collections import Counter

from console import tables
from console.models import Database, Table
from integrations.sandbox.clevertap import ADMIN
from tests.conformance.scenes import Scene
from tests.integrations.clevertap import login

S3 = "integrations.transports.s3"
LIST = "integrations.connectors.clevertap.custom_list.Upload"
PROGRESS = "integrations.connectors.clevertap.progress.Progress"
WRITES = "PutObject"


class Bucket(Scene):
    connector = "s3"
    columns = "{} AS id, lpad('', 200, '.') AS text"
    export = {"bucket": "demo", "path_prefix": "in/people.csv", "newline": "LF"}
    steps = (f"{S3}.upload.put", f"{S3}.known.Known.done")
    secret_settings = ("secret_access_key",)
    bucket = "demo"

    def prepare(self, request):
        self.store = request.getfixturevalue("s3")

    def login(self):
        return self.store.settings

    def lines(self):
        found = [self.store.read(key, self.bucket) for key in self.store.keys(self.bucket)]
        return [line for data in found for line in data.decode().splitlines()]

    def arrived(self):
        return Counter(line.partition(",")[0] for line in self.lines() if line != "id,text")

    def left(self):
        return self.store.uploads(self.bucket)

    def trouble(self):
        self.store.switches.refusals[WRITES] = [(503, "SlowDown")]

    def refuse(self):
        self.log_in(secret_access_key="of-somebody-else")


class LargeObject(Bucket):
    """An object of several parts."""

    columns = "{} AS id, lpad(cast(x * x AS varchar), 4000, '.') AS text"
    export = Bucket.export | {"part_size": 5}
    steps = (f"{S3}.multipart.Multipart.complete",)
    tried_again = "Asking again, 1/"

    def trouble(self):
        self.store.switches.dropped["UploadPart"] = 1


class SalesforceDMP(Bucket):
    connector = "salesforce_dmp"
    columns = "{} AS user_id, 'gold' AS td_segment"
    export = {}
    bucket = "krux-partners"

    def login(self):
        return self.store.settings | {"client_name": "client-ours"}

    def arrived(self):
        return Counter(line.partition("^")[0] for line in self.lines())


class Profiles(Scene):
    """Profiles are put on top of what CleverTap has: once more changes nothing."""

    connector = "clevertap"
    columns = "{} AS identity, 'gold' AS tier"
    export = {"target": "user_profiles", "thread_count": 1}
    steps = (f"{PROGRESS}.sent", f"{PROGRESS}.answered")
    secret_settings = ("account_passcode",)
    received = "profiles"
    repeats = True

    def prepare(self, request):
        self.account = request.getfixturevalue("account")

    def login(self):
        return login(self.account)

    def arrived(self):
        return Counter(each["identity"] for each in self.account.store.read(self.received))

    def trouble(self):
        self.account.switches.faults = ["503", "429"]

    def refuse(self):
        self.log_in(account_passcode="of-somebody-else")


class Events(Profiles):
    columns = "{} AS identity, 'Seen' AS \"evtName\""
    export = {"target": "user_events", "thread_count": 1}
    received = "events"
    repeats = False
    unsure = 1_000


class CustomList(Profiles):
    columns = "{} AS identity, 'i' AS type"
    export = {"target": "custom_list", "custom_list_name": "Gold", "custom_list_email": ADMIN}
    steps = (f"{LIST}.put", f"{LIST}.complete", f"{LIST}.receipt")
    repeats = False

    def arrived(self):
        """Return who is in the segments, as often as their lists were completed."""
        found = Counter()
        for each in self.account.store.read("lists"):
            with (self.account.root / f"lists/{each['id']}.csv").open(newline="") as file:
                found.update(row["Identity"] for row in csv.DictReader(file))
        return found


class OwnTable(Scene):
    """A table of the console itself: there is no line that could be cut."""

    connector = "treasure_data"
    columns = "{} AS id"
    export = {"database": "activate_to_krux", "table": "segments"}
    steps = ("console.jobs.writing.OwnTables.put", "console.tables.store.add")

    def prepare(self, request):
        self.krux = tables.create_database("activate_to_krux", self.owner)
        self.other = request.getfixturevalue("colleague")

    def arrived(self):
        found = Table.objects.filter(name="segments")
        return Counter(row[0] for table in found for row in tables.rows(table))

    def refuse(self):
        """Give the database to somebody else."""
        Database.objects.filter(pk=self.krux.pk).update(owner=self.other)
