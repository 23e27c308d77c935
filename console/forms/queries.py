"""What the query editor sends: a query to save, or SQL to run."""

from django import forms

from console.engines import ENGINES
from console.models import Database, Query
from console.queries.saving import mark_of
from console.tables import readable_databases


class RunForm(forms.Form):
    """SQL to run as it stands in the editor."""

    database = forms.ModelChoiceField(
        Database.objects.none(), to_field_name="name", empty_label=None
    )
    engine = forms.ChoiceField(choices=ENGINES.items(), initial="trino")
    sql = forms.CharField(
        strip=False,
        max_length=1_000_000,
        error_messages={"required": "There is nothing to run. Write a query first."},
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["database"].queryset = readable_databases(user)

    def clean_sql(self):
        sql = self.cleaned_data["sql"].replace("\r\n", "\n")
        if not sql.strip():
            raise forms.ValidationError(self.fields["sql"].error_messages["required"])
        return sql


class QueryForm(forms.ModelForm):
    """A query to save."""

    database = forms.ModelChoiceField(
        Database.objects.none(), to_field_name="name", empty_label=None
    )
    engine = forms.ChoiceField(choices=ENGINES.items(), initial="trino")
    sql = forms.CharField(label="SQL", strip=False, max_length=1_000_000, widget=forms.Textarea)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Query
        fields = ["name", "database", "engine", "sql"]
        error_messages = {"name": {"required": "Give the query a name to save it."}}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["database"].queryset = readable_databases(user)
        if self.instance.pk:
            self.initial["database"] = self.instance.database.name
            self.initial["version"] = self.instance.version
            self.initial["seen"] = mark_of(self.instance)

    def clean_sql(self):
        sql = self.cleaned_data["sql"].replace("\r\n", "\n")
        if not sql.strip():
            raise forms.ValidationError("There is nothing to save. Write a query first.")
        return sql

    def clean_name(self):
        name = self.cleaned_data["name"]
        others = Query.objects.filter(place="").exclude(pk=self.instance.pk)
        if others.filter(owner=self.instance.owner, name=name).exists():
            raise forms.ValidationError("Another query has this name. Choose a different one.")
        return name
