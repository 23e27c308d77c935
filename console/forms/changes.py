"""Whether an export sends everything or only what changed, and how that is told and approved."""

from django import forms

from console.jobs.changes.wishes import COLUMN, FILES, NOTHING, OPERATIONS, Changes, token
from console.jobs.changes.words import ALL_ROWS, MODE_REMEDY, REMOVALS_REMEDY
from integrations.hidden_fields import HiddenFields

FULL, CHANGES = "full", "changes"
PREFIX = "changes"
LONGEST = 100  # characters of a name or a word
TELL = {
    COLUMN: "In a column of its own",
    FILES: "In separate files",
    NOTHING: "Not at all",
}
HOW = (
    "A column is added at the end. Separate files have -added, -changed or -removed before the "
    "ending of their name; a file that would have no rows is not written."
)
WORD = "What the column says of a row that was {}."


class KeyField(forms.CharField):
    """Names of columns, parted by commas."""

    def to_python(self, value):
        names = (name.strip() for name in super().to_python(value).split(","))
        return list(dict.fromkeys(filter(None, names)))

    def prepare_value(self, value):
        return ", ".join(value) if isinstance(value, list) else value


def word(operation, more=""):
    """Return the field of the word that stands for an operation."""
    return forms.CharField(
        label=f"Word for {operation}",
        required=False,
        initial=operation,
        max_length=LONGEST,
        help_text=WORD.format(operation) + more,
    )


class ChangesForm(HiddenFields):
    """Part of a form that has other fields too: all of its names begin with `changes-`.

    `columns` are the names in the last result, of which the key is chosen; without them it is
    typed in. `kept` is what the query has, `connector` the class of its destination's.
    """

    use_required_attribute = False
    replaced = ""  # what each run takes the place of at the destination, where that is set so
    removals = ""  # why rows that were removed cannot be sent there
    mode = forms.ChoiceField(
        label="Rows",
        choices={FULL: "All rows, in each run", CHANGES: "Only what changed since the last run"},
        initial=FULL,
        required=False,
        widget=forms.RadioSelect,
    )
    key = KeyField(
        label="Key columns",
        required=False,
        help_text="What tells one row from all others, such as an id or an e-mail address. No "
        "two rows may have the same, and none may be empty.",
    )
    added = forms.BooleanField(label="Send rows that were added", required=False, initial=True)
    changed = forms.BooleanField(label="Send rows that were changed", required=False, initial=True)
    removed = forms.BooleanField(
        label="Send rows that were removed",
        required=False,
        initial=True,
        help_text="With the values that they were delivered with last. What is not sent now is "
        "not sent later either.",
    )
    tell = forms.ChoiceField(
        label="How a row says what became of it", choices=TELL, required=False, help_text=HOW
    )
    column = forms.CharField(
        label="Name of the column", required=False, initial="operation", max_length=LONGEST
    )
    word_added = word(
        "added",
        " For receivers that tell no difference, give added and changed the same word, such as "
        "upsert.",
    )
    word_changed = word("changed")
    word_removed = word("removed")
    hold_removed = forms.IntegerField(
        label="Hold when more is removed than (%)",
        required=False,
        initial=50,
        min_value=1,
        max_value=99,
        help_text="Of the delivered rows. The job then waits until somebody releases it: a query "
        "that finds nothing by mistake would remove everything. Empty never holds.",
    )
    approve_rows = forms.IntegerField(
        label="A second person approves more rows than",
        required=False,
        min_value=1,
        help_text="Somebody else than who started the run and who edited the query last. Empty "
        "asks nobody.",
    )
    approve_percent = forms.IntegerField(
        label="A second person approves more than (%)",
        required=False,
        min_value=1,
        max_value=1000,
        help_text="Of the delivered rows. Empty asks nobody.",
    )
    approve_first = forms.BooleanField(
        label="A second person approves the first run", required=False
    )

    def __init__(self, data=None, *, kept=None, columns=(), connector=None, prefix=PREFIX):
        self.kept = kept or {}
        self.names = list(columns)
        super().__init__(data, prefix=prefix, initial=entries(self.kept))
        if not getattr(connector, "splits", True):
            choices = {name: label for name, label in TELL.items() if name != FILES}
            self.fields["tell"].choices = choices.items()
        if self.names:
            self.fields["key"] = self.chosen_key()
        for name, field in self.fields.items():
            if name != "mode":
                field.widget.attrs["data-when"] = self.condition(name)

    def chosen_key(self):
        """Return the field that shows the columns to choose from, and those chosen before."""
        typed = self.fields["key"]
        known = dict.fromkeys([*self.names, *self.kept.get("key", ())])
        labels = {
            name: name if name in self.names else f"{name} (not in the last result)"
            for name in known
        }
        return forms.MultipleChoiceField(
            label=typed.label,
            help_text=typed.help_text,
            required=False,
            choices=labels.items(),
            widget=forms.CheckboxSelectMultiple,
        )

    def condition(self, name):
        """Return when a field applies, as the script of pages reads it."""
        worded = name == "column" or name.startswith("word_")
        other, value = ("tell", COLUMN) if worded else ("mode", CHANGES)
        return f"{self.add_prefix(other)}={value}"

    @property
    def sent(self):
        """Whether the fields were in the form that was sent."""
        return self.is_bound and self.add_prefix("mode") in self.data

    @property
    def told_in(self) -> dict[str, str]:
        """The column that tells the operation, with what it says of added rows; or nothing."""
        given = self.cleaned_data if self.is_bound else entries(self.kept)
        if given.get("mode") != CHANGES or given.get("tell", COLUMN) != COLUMN:
            return {}
        return {given.get("column") or "operation": given.get("word_added") or "added"}

    @property
    def so_far(self) -> dict | None:
        """What is wished by now, without finding fault with it; None sends everything."""
        given = self.cleaned_data if self.is_bound else entries(self.kept)
        if given.get("mode") != CHANGES:
            return None
        known = {name: bool(given.get(name)) for name in OPERATIONS}
        return known | {"key": given.get("key") or [], "tell": given.get("tell") or COLUMN}

    def fields_of(self, *names):
        return [self[name] for name in names]

    def basics(self):
        return self.fields_of("key", "added", "changed", "removed", "tell", "column")

    def words(self):
        return self.fields_of("word_added", "word_changed", "word_removed")

    def guards(self):
        return self.fields_of("hold_removed", "approve_rows", "approve_percent", "approve_first")

    @property
    def opens_guards(self):
        return any(field.errors or field.value() for field in self.guards()[1:])

    def clean(self):
        given = super().clean()
        given["mode"] = given.get("mode") or FULL
        if given["mode"] == FULL:
            self.errors.clear()
            return given
        self.check_destination()
        self.check_key(given)
        self.check_operations(given)
        if given.get("tell") == COLUMN:
            self.check_column(given)
        return given

    def check_destination(self):
        if self.replaced:
            self.add_error("mode", f"{ALL_ROWS.format(self.replaced)} {MODE_REMEDY}")

    def check_key(self, given):
        if "key" in given and not given["key"]:
            self.add_error("key", "Choose at least one column that tells rows apart.")

    def check_operations(self, given):
        given["tell"] = given.get("tell") or COLUMN
        if not any(given.get(name) for name in OPERATIONS):
            self.add_error("added", "Send at least one of added, changed and removed rows.")
        if given.get("removed") and self.removals:
            self.add_error("removed", f"{self.removals} {REMOVALS_REMEDY}")
        if given["tell"] == NOTHING and given.get("removed"):
            self.add_error(
                "tell",
                "Rows that were removed would look like the others. Tell them apart, or do not "
                "send them.",
            )

    def check_column(self, given):
        given["column"] = given.get("column") or "operation"
        if given["column"].lower() in {name.lower() for name in self.names}:
            self.add_error("column", "The result has a column of that name. Choose another one.")
        words = {name: given.get(f"word_{name}") or name for name in OPERATIONS}
        given |= {f"word_{name}": word for name, word in words.items()}
        if given.get("removed") and words["removed"] in (words["added"], words["changed"]):
            self.add_error("word_removed", "The word has to differ from those for other rows.")

    def changes(self, by) -> dict | None:
        """Return what the query keeps, of a form that is right. None sends everything."""
        given = self.cleaned_data
        if given["mode"] == FULL:
            return None
        kept = Changes.of({"key": given["key"]} | self.kept)
        words = {name: given.get(f"word_{name}") or kept.words[name] for name in OPERATIONS}
        return {
            "key": given["key"],
            **{name: given[name] for name in OPERATIONS},
            "tell": given["tell"],
            "column": given.get("column") or kept.column,
            "words": words,
            "hold_removed": given["hold_removed"],
            "approve_rows": given["approve_rows"],
            "approve_percent": given["approve_percent"],
            "approve_first": given["approve_first"],
            "since": kept.since or token(),
            "everything": kept.everything,
            "by": by.pk,
        }


def entries(kept):
    """Return what the fields show of what a query keeps."""
    if not kept:
        return {}
    known = Changes.of(kept)
    names = (*OPERATIONS, "key", "tell", "column", "hold_removed")
    names += ("approve_rows", "approve_percent", "approve_first")
    words = {f"word_{name}": known.words[name] for name in OPERATIONS}
    return {"mode": CHANGES} | {name: getattr(known, name) for name in names} | words
