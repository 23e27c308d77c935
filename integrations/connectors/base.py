"""What a connector is: what it asks of the user, and how rows get there."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from integrations.connectors.few_rows import FewRows, no_test
from integrations.connectors.receipt import Receipt, joined, judged
from integrations.contract import Rule, sift
from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError
from integrations.rows import Rows
from integrations.rows.joined import Joined

NO_ROWS = "the result has no rows, and the export is set to skip empty results."


@dataclass(frozen=True)
class Step:
    """One step of a connection test."""

    name: str  # resolve, connect, host key, log in, directory, write, rename, delete
    outcome: str  # passed, failed, skipped
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Share:
    """What an export wants of the requests that a receiver's account takes at the same time."""

    account: str  # the same for all exports that share them, whatever their authentication
    most: int
    wanted: int


class Connector:
    """A destination: what it asks of the user, and how rows get there."""

    name: str
    label: str
    description: str = ""
    category: str = ""
    kinds: tuple[str, ...] = ("export", "activation")  # what can be sent with it
    Authentication: type
    Export: type
    # How a --result may differ from the two forms. All are applied before the forms check it.
    aliases: dict[str, str] = {}  # other spellings of a key -> the field
    blocks: dict[str, dict[str, str]] = {}  # nested object -> its keys that are named otherwise
    json_defaults: dict = {}  # field -> value where the key is absent and the form's differs
    # The secrets of its authentication that are a private SSH key and its passphrase, if any.
    key_pair: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()  # what export() loads; workers have it before the first job
    contract: tuple[Rule, ...] = ()  # what its receiver asks of the rows
    limits: tuple[str, ...] = ()  # what else its receiver does not take, as sentences
    example_query: str = ""  # whose result holds to the contract
    previewed = "what is sent"  # what is shown the beginning of before it is delivered
    tested: str = ""  # what test() does, as a sentence
    logs_in_as = "username"  # the setting of the authentication that tells who it is
    goes_out = True  # whether it connects to somebody else's servers
    # The last column of the file in which its receiver hands back rows that it did not take.
    failure_column: str = ""
    # Settings of the authentication that tell whose account on which server it leads to: no
    # secrets, since a new one leads to the same.
    whose: tuple[str, ...] = ()
    place: tuple[str, ...] = ()  # settings of the export that tell where the rows go
    splits = False  # whether rows can be sent in parts, each to a file of its own
    in_parts = False  # whether a run that fails can have delivered some of the rows
    adding = ""  # what kind of export adds to what is there, where not all do
    resends = False  # whether each delivery adds to what its receiver has, whatever the names
    do_not_call_in_templates = True  # Templates list the classes.

    def __init__(self, authentication: dict, settings: dict | None = None):
        self.authentication = authentication
        self.settings = settings or {}

    def deliver(self, rows: Rows, delivery: Delivery) -> Receipt:
        """Export the rows that hold to the contract. A run that delivers none of its rows fails."""
        return self.deliver_parts([(rows, delivery)])

    def deliver_parts(self, parts: list[tuple[Rows, Delivery]]) -> Receipt:
        """Deliver parts of a result, each with a delivery that names it. All are checked first."""
        if parts[0][1].test:
            self.few_rows().check()
        skip, several = bool(self.settings.get("skip_invalid")), len(parts) > 1
        checked = []
        for rows, delivery in parts:
            around = replace(delivery, whole=False) if several else delivery
            sound = sift(rows, self.contract, self.settings, around, skip=skip)
            checked.append((sound, rows.count, delivery))
        parts[0][1].sending(Joined([(sound, given) for sound, given, _ in checked]))
        return judged(
            joined([self.export_sound(*each) for each in checked]),
            sum(rows.count for rows, _ in parts),
            whole=parts[0][1].whole,
        )

    def export_sound(self, rows: Rows, given: int, delivery: Delivery) -> Receipt:
        """Export what is left of so many rows, if anything is."""
        nothing = Receipt(rows=0, bytes=0)
        receipt = nothing if given and not rows.count else self.export(rows, delivery)
        return replace(receipt, rejected=delivery.rejects.count)

    def export(self, rows: Rows, delivery: Delivery) -> Receipt:
        """Export rows. Raise ExportError where that fails, Stopped where it was ended."""
        raise NotImplementedError

    def few_rows(self) -> FewRows:
        """Return what a test with a few real rows does, with these settings; or why there is none.

        They are real, and stay: where they would replace something, be counted twice, or be taken
        for all there is, there is no test.
        """
        return no_test(f"It is not known what a few rows alone do at {self.label}.")

    def skipped(self, delivery: Delivery) -> Receipt | None:
        """Return the receipt of nothing, where an empty result is not to be sent."""
        wanted = self.settings.get("empty_result", "send")
        if wanted == "fail":
            raise PermanentError(
                "The result has no rows, and this export is set to fail then. Nothing was sent.",
                remedy="See whether the query and its tables are as they should be. "
                "What to do with no rows is the setting 'Empty result' of the export.",
                passing=True,  # The next run can have rows: its schedule goes on.
            )
        if wanted == "send":
            return None
        delivery.log(f"Nothing is sent: {NO_ROWS}")
        return Receipt(rows=0, bytes=0, skipped=NO_ROWS)

    def identifiers(self) -> dict[str, str]:
        """Return which columns are identifiers to the receiver, by name, whatever its capitals.

        Each has one of the types of `console.deliveries`. Names that tell by themselves, such as
        email, need not be there.
        """
        return {}

    def removals(self) -> str:
        """Return why rows that were removed cannot be sent; nothing where they can be told."""
        return ""

    def repeated(self) -> str:
        """Return what comes of rows that are sent a second time; nothing where it is the same."""
        return ""

    def columns_sent(self, names: list[str]) -> list[str]:
        """Return which columns of a result are sent."""
        return names

    def replaced(self) -> str:
        """Return what the rows of each run take the place of as a whole, or nothing."""
        return ""

    def adds(self) -> bool:
        """Return whether rejects can be sent later without replacing what was delivered."""
        return self.resends

    def target(self) -> tuple[str, str, str] | None:
        """Return database, table and mode where rows go to a table of the console."""
        return None

    def address(self) -> str:
        """Return where the authentication leads, for the receipt; nothing for the console."""
        given = self.authentication
        return f"{given['host']}:{given['port']}" if "host" in given else ""

    def share(self) -> Share | None:
        """Return what of the account's requests it wants, where these are counted."""
        return None

    def account(self) -> dict:
        """Return what tells the account that the authentication leads to from others."""
        return {name: self.authentication.get(name) for name in self.whose}

    def so_far(self, entries: list[dict], rows: int) -> str:
        """Return how many of the rows a job that failed has delivered, as the journal has it."""
        return ""

    def reached(self, entries: list[dict], left_out: int) -> int | None:
        """Return the number of the row from which on none was sent, as the journal has it.

        So many rows were left out before the first was sent. None: that cannot be told.
        """
        return None

    def test(self, delivery: Delivery) -> Iterator[Step]:
        """Try the authentication, a step at a time; after a failed step the rest are skipped."""
        raise NotImplementedError


def walk(steps: Iterable[tuple[str, Callable[[], str]]]) -> Iterator[Step]:
    """Yield the steps as they are taken. Each is a function that returns a detail or raises."""
    failed = False
    for name, take in steps:
        if failed:
            yield Step(name, "skipped")
            continue
        try:
            yield Step(name, "passed", take())
        except ExportError as error:
            failed = True
            yield Step(name, "failed", str(error), error.remedy)
