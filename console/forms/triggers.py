"""What a query runs after."""

from django import forms

from console.models import Query
from console.queries.access import visible_work


class Upstream(forms.ModelChoiceField):
    """A query that another one may run after, with its owner where that is somebody else."""

    def __init__(self):
        super().__init__(
            Query.objects.none(),
            label="Runs after",
            required=False,
            empty_label="Choose a query…",
            error_messages={"invalid_choice": "That query is not there, or not yours to use."},
        )

    def label_from_instance(self, query):
        return query.name if query.owner == self.asked_by else f"{query.name} ({query.owner})"


class TriggerForm(forms.Form):
    after = Upstream()
    by_hand = forms.BooleanField(
        label="also after runs that somebody starts by hand", required=False
    )

    def __init__(self, *given, query: Query, user, **more):
        super().__init__(*given, **more)
        self.fields["after"].asked_by = user
        # Both have to see it: who chooses, and who the runs belong to.
        theirs = visible_work(query.owner).filter(pk__in=visible_work(user).values("pk"))
        found = theirs.exclude(pk=query.pk).select_related("owner").order_by("name", "pk")
        self.fields["after"].queryset = found.only("name", "owner__username")

    def clean_after(self):
        if self.cleaned_data["after"] is None:
            raise forms.ValidationError("Choose the query that this one runs after.")
        return self.cleaned_data["after"]

    def is_usable(self):
        """Return whether nothing is wrong with it, or it was not asked."""
        return not self.is_bound or self.is_valid()


def trigger_entries(query):
    """Return what the form's fields hold for a query."""
    trigger = query.schedule and query.schedule.follows
    return {"after": trigger.query_id, "by_hand": trigger.by_hand} if trigger else {}
