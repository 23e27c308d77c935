"""What the promises of a connector are tried on: a destination, rows for it, and its troubles."""

import json
from collections import Counter

from console import jobs
from console.models import Database
from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from tests.servers import local_delivery

ROWS = 3_000
IDENTITY = "cast(x AS varchar)"
ONE_IS_WRONG = f"if(x = 2, '', {IDENTITY})"
ALL_ARE_WRONG = "''"
SPILLED = 20_000  # bytes that get through before a line is cut: the file has begun


class Scene:
    """A destination of one connector. A connector can have several."""

    connector: str
    columns: str  # of the query; {} is who the row is about
    export: dict
    steps: tuple[str, ...] = ()  # functions on the way of the rows, at which a worker can die
    secret_settings: tuple[str, ...] = ()
    # Whether rows that nobody knows the end of are sent again, which changes nothing there.
    repeats = False
    unsure = 0  # rows that can be there, and are listed in place of being sent again
    takes_tests = True  # whether it takes the rows of a test as it takes others, where there is one
    tried_again = "Retrying 1/"  # what the log says of a fault that passes

    def __init__(self, request):
        self.owner = request.getfixturevalue("marketer")
        Database.objects.create(name="shop", owner=self.owner)
        self.prepare(request)
        self.authentication = Authentication(name="There", type=self.connector, owner=self.owner)
        self.log_in()

    def prepare(self, request):
        """Start the destination's server."""

    def login(self) -> dict:
        """Return the settings of the authentication."""
        return {}

    def log_in(self, **changes):
        form = self.kind.Authentication.from_json(self.login() | changes)
        assert form.is_valid(), form.errors
        self.authentication.replace_settings(form.cleaned_data)
        self.authentication.save()

    @property
    def kind(self):
        return CONNECTORS[self.connector]

    def settings(self, **given) -> dict:
        form = self.kind.Export.from_json(self.export | given)
        assert form.is_valid(), form.errors
        return form.cleaned_data

    def submit(self, identity=IDENTITY, *, rows=ROWS, sql="", attempts=1, test=False, **given):
        """Return a job that has the rows delivered, or of a test the first of them."""
        about = self.columns.format(identity)
        found = f"SELECT {about} FROM UNNEST(sequence(1, {ROWS})) t(x) WHERE x <= {rows} ORDER BY x"
        who = {"owner": self.owner, "authentication": self.authentication, "attempts": attempts}
        who |= {"test": {"rows": 5, "of": "/", "changes": None}} if test else {}
        return jobs.submit(sql or found, database="shop", export=self.settings(**given), **who)

    def run(self, *args, **given):
        job = self.submit(*args, **given)
        jobs.run(job.pk)
        job.refresh_from_db()
        return job

    def test(self):
        """Return the steps of the connection test."""
        made = self.kind(self.authentication.settings, {})
        return list(made.test(local_delivery()))

    def secrets(self) -> list[str]:
        """Return what nobody may read: of a key the lines in the middle."""
        given = [self.authentication.settings[name] for name in self.secret_settings]
        return [text.splitlines()[len(text.splitlines()) // 2] for text in given]

    def arrived(self) -> Counter:
        """Return how often each row is there, by whom it is about."""
        raise NotImplementedError

    def left(self) -> list:
        """Return what lies there that is no delivery: parts of files, uploads without an end."""
        return []

    def trouble(self):
        """Let the destination fail once in a way that passes."""
        raise NotImplementedError

    def refuse(self):
        """Let the destination refuse what is sent until somebody changes something."""
        raise NotImplementedError


def everyone(rows=ROWS, *, but=()) -> Counter:
    return Counter(str(x) for x in range(1, rows + 1) if x not in but)


def told(job, client) -> str:
    """Return all that the console says of a job, to whoever may see it."""
    client.force_login(job.owner)
    page = client.get(job.get_absolute_url())
    assert page.status_code == 200
    lines = "\n".join(job.lines.values_list("text", flat=True))
    receipt = json.dumps(job.receipt)
    return "\n".join((page.text, lines, job.error, job.remedy, job.traceback, receipt))
