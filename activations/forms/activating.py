"""What the page of an activation asks for: details, output mapping, schedule."""

import json
from copy import copy
from functools import partial
from uuid import uuid4

from django import forms
from django.db.models import Q

from activations import mapping
from activations.activating.refusals import DETAILS, MAPPING, SCHEDULE, NotSaved, opened_at
from activations.activating.saving import Mail
from activations.forms.timing import TimingForm, timing_entries
from activations.models import Activation
from console.forms.changes import ChangesForm
from console.queries.exporting import Draft
from console.views.keys import key_of
from integrations.access import choosable_by, left_out_of
from integrations.models import Authentication

PREFIX = "export"  # of the names of the connector's settings
ALL_COLUMNS = {"all_columns": True, "columns": []}
STEPS = {DETAILS: "Details", MAPPING: "Output Mapping", SCHEDULE: "Schedule"}


class ActivationForm(forms.ModelForm):
    """The activation itself. The mapping comes as JSON."""

    mapping = forms.CharField(widget=forms.Textarea, strip=False)
    opened = forms.CharField(required=False, widget=forms.HiddenInput)
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    class Meta:
        model = Activation
        fields = ["name", "description"]
        error_messages = {"name": {"required": "Give the activation a name."}}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["description"].widget = forms.Textarea(attrs={"rows": 2})

    def clean_mapping(self):
        try:
            self.instance.mapping = mapping.from_json(self.cleaned_data["mapping"])
        except mapping.BadMapping as error:
            raise forms.ValidationError(str(error)) from None
        return self.cleaned_data["mapping"]


def activation_entries(activation):
    """Return what the form's fields hold beside those of the activation."""
    return {
        "mapping": json.dumps(activation.mapping or ALL_COLUMNS, ensure_ascii=False),
        "opened": opened_at(activation),
        "token": uuid4().hex,
    }


def typed(form) -> dict:
    """Return what was typed into a form, to be shown without finding fault with it."""
    return {name: form[name].data for name in form.fields}


class ActivationForms:
    """The forms of one activation: as it is saved, or as it was sent.

    What was sent is held against the rules where it is to be saved; `lenient` shows it as it is.
    """

    def __init__(self, activation, data=None, *, viewer, chosen=None, lenient=False):
        self.activation, self.data, self.viewer = activation, data, viewer
        self.authentications = self.offered()
        self.authentication = self.picked(chosen)
        self.unchosen = False
        self.draft = self.drafted()
        self.details, self.timing = self.made(lenient)
        self.changes = self.changed()
        self.refusals = {step: [] for step in STEPS}

    def offered(self):
        """Return those that the viewer may choose, and the one that is set already."""
        usable = Q(pk__in=choosable_by(self.viewer).values("pk"))
        kept = Q(pk=self.activation.query.authentication_id)
        found = Authentication.objects.filter(usable | kept)
        return found.select_related("owner").order_by("name")

    def left_out(self):
        """Return what is switched off of the connectors that the viewer has authentications of."""
        return left_out_of(self.viewer)

    def picked(self, chosen):
        """Return the authentication that was chosen, where it is one of those that are offered."""
        sent = self.data.get("authentication") if self.data is not None else None
        kept = self.activation.query.authentication_id if self.data is None else None
        return self.authentications.filter(pk=key_of(chosen or sent or kept)).first()

    def drafted(self):
        """Return the export of the chosen authentication; what was sent of another is not its."""
        if self.authentication is None:
            return None
        sent = self.data is not None and self.data.get("connector") == self.authentication.type
        data = self.data if sent else None
        return Draft(self.activation.query, self.authentication, data, prefix=PREFIX)

    def changed(self):
        """Return the form of all rows or only what changed."""
        connector = self.authentication and self.authentication.connector
        given = {"kept": self.activation.query.changes, "connector": connector}
        form = ChangesForm(self.data, **given)
        if self.draft:
            form.replaced, form.removals = self.draft.replaced, self.draft.removals
        return form if form.sent else ChangesForm(**given)

    def shown_changes(self):
        """Return the same, as it was entered so far, without finding fault with it."""
        self.changes.full_clean()
        self.changes.errors.clear()
        return self.changes

    def made(self, lenient):
        activation, data = self.activation, self.data
        if data is None:
            kept = activation_entries(activation)
            details = ActivationForm(instance=activation, initial=kept)
            timing = timing_entries(activation.query, activation.segment.parent_segment)
            return details, TimingForm(initial=timing)
        schedule = activation.query.schedule
        details, timing = (
            ActivationForm(data, instance=activation),
            TimingForm(data, schedule=schedule),
        )
        if not lenient:
            return details, timing
        return (
            ActivationForm(instance=activation, initial=typed(details)),
            TimingForm(initial=typed(timing)),
        )

    @property
    def export_form(self):
        """The settings of the connector, as they are to be shown."""
        if self.details.is_bound and self.draft.checked.is_bound:
            return self.draft.checked
        return self.draft.form()

    def is_valid(self):
        """Hold what was sent against the rules of each form."""
        self.unchosen = self.draft is None
        valid = [self.details.is_valid(), self.timing.is_valid()]
        valid.append(not self.changes.sent or self.changes.is_valid())
        return all(valid) and not self.unchosen and self.draft.complete

    def refuse(self, error: NotSaved):
        """Note why it was not saved, at the field that it is about."""
        if error.field == "name":
            self.details.add_error("name", str(error))
            return
        self.refusals[error.step].append(str(error))
        if opened := getattr(error, "opened", ""):
            self.details.data = self.details.data.copy()
            self.details.data["opened"] = opened

    def saved_with(self, by) -> dict:
        """Return what saving takes of valid forms."""
        given = self.timing.cleaned_data
        changes = {"changes": self.changes.changes(by)} if self.changes.sent else {}
        return changes | {
            "authentication": self.authentication,
            "export": self.draft.settings,
            "timing": partial(self.timing.put, parent=self.activation.segment.parent_segment),
            "mail": Mail(given["notify_failure"], given["notify_success"], [*given["notified"]]),
            "opened": self.details.cleaned_data["opened"],
        }

    def as_planned(self):
        """Return the query, not saved, as it would be: with its schedule and export."""
        query = copy(self.activation.query)
        query.schedule = self.timing.planned(self.activation.segment.parent_segment)
        query.authentication = self.authentication
        query.export = self.draft.settings if self.draft and self.draft.complete else None
        return query

    # ---- steps ----
    @property
    def steps(self) -> list[dict]:
        """The steps, each with how much is wrong in it."""
        wrong = {
            DETAILS: self.wrong("name", "description") + self.wrong_export(),
            MAPPING: self.wrong("mapping"),
            SCHEDULE: len(self.timing.errors),
        }
        return [
            {"name": name, "label": label, "wrong": wrong[name] + len(self.refusals[name])}
            for name, label in STEPS.items()
        ]

    def wrong(self, *names):
        return sum(name in self.details.errors for name in names)

    def wrong_export(self):
        if self.unchosen:
            return 1
        if not (self.details.is_bound and self.draft and self.draft.checked.is_bound):
            return 0
        return len(self.draft.checked.errors) + len(self.changes.errors)

    @property
    def first_step(self) -> str:
        """The step to be shown: the first in which something is wrong."""
        return next((each["name"] for each in self.steps if each["wrong"]), DETAILS)
