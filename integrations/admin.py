"""Authentications and host keys in the Django admin."""

from django import forms
from django.contrib import admin, messages
from django.shortcuts import render
from django.utils.html import format_html_join

from integrations import meanwhile, threads, trials
from integrations.access import where_used
from integrations.connectors import CONNECTORS
from integrations.models import Authentication, HostKey, SwitchedOff
from integrations.secrets import SecretUnreadable

NOTHING = "—"


class AuthenticationForm(forms.ModelForm):
    """An authentication, with the fields its connector declares."""

    use_required_attribute = False
    connector = None  # set by the admin: the connector to add an authentication of
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Authentication
        fields = ["name", "owner", "exports_at_once", "shared_groups", "shared_users"]

    def __init__(self, data=None, files=None, **kwargs):
        super().__init__(data, files, **kwargs)
        self.instance.type = self.connector.name
        self.declared = declared_form(self.instance, self.connector, data)
        self.fields |= self.declared.fields
        self.initial |= self.declared.initial
        if self.instance.pk:
            self.initial["opened"] = mark_of(self.instance)

    def _clean_fields(self):
        """Leave what the connector declares to its own form."""
        declared = {name: self.fields.pop(name) for name in self.declared.fields}
        super()._clean_fields()
        self.fields |= declared
        for name, found in self.declared.errors.items():
            self.add_error(name, found)

    def clean(self):
        """Refuse to save over what was saved since, and show the mark of that from now on."""
        super().clean()
        try:
            if self.instance.pk:
                meanwhile.check(self.cleaned_data["opened"], self.initial["opened"])
        except meanwhile.SavedMeanwhile as error:
            self.add_error(None, f"{error} {meanwhile.SECRETS_AGAIN}")
            self.data = self.data.copy()
            self.data["opened"] = self.initial["opened"]

    def save(self, commit=True):
        self.instance.replace_settings(self.declared.cleaned_data)
        return super().save(commit)


def switched_on():
    """Return the connectors of which authentications can be made."""
    off = set(SwitchedOff.objects.values_list("type", flat=True))
    return [each for each in CONNECTORS.values() if each.name not in off]


def mark_of(authentication):
    """Return what tells whether anything that the form has was changed since it was opened."""
    people = authentication.shared_users, authentication.shared_groups
    shared = [sorted(kept.values_list("pk", flat=True)) for kept in people]
    kept = authentication.name, authentication.owner_id, authentication.exports_at_once
    return meanwhile.mark(authentication.mark, *kept, *shared)


def declared_form(authentication, connector, data=None):
    """Return the connector's form over what is stored, if that can be opened."""
    stored = authentication and authentication.sealed and authentication.readable
    return connector.Authentication(
        data,
        stored=authentication.settings if stored else {},
        secrets_set=authentication.secrets_set if stored else {},
    )


@admin.register(Authentication)
class AuthenticationAdmin(admin.ModelAdmin):
    list_display = ["name", "type", "owner", "opens", "last_test", "updated_at"]
    list_filter = ["type"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username"]
    filter_horizontal = ["shared_groups", "shared_users"]
    readonly_fields = ["connector_label", "opens", "used_by", "last_test"]
    actions = ["test_connection"]

    class Media:
        js = [
            forms.Script("console/conditions.js", type="module"),
            forms.Script("console/secret-file.js", type="module"),
        ]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(inline=False)

    def get_object(self, request, object_id, from_field=None):
        """Return what is looked at; what is about to be saved, with its row locked until then."""
        found = super().get_object(request, object_id, from_field)
        if found and "opened" in request.POST:
            return Authentication.objects.select_for_update().filter(pk=found.pk).first()
        return found

    def add_view(self, request, form_url="", extra_context=None):
        """Ask for the connector first: the fields depend on it."""
        offered = {each.name: each for each in switched_on()}
        if request.GET.get("type") in offered:
            return super().add_view(request, form_url, extra_context)
        context = self.admin_site.each_context(request) | {
            "title": "Add authentication",
            "subtitle": "Choose a connector",
            "opts": self.opts,
            "connectors": offered.values(),
        }
        return render(request, "admin/integrations/choose_connector.html", context)

    def get_form(self, request, obj=None, change=False, **kwargs):
        connector = obj.connector if obj else CONNECTORS[request.GET["type"]]
        declared = declared_form(obj, connector).fields
        form = type("Form", (AuthenticationForm,), {**declared, "connector": connector})
        return super().get_form(request, obj, change, form=form, **kwargs)

    def get_fieldsets(self, request, obj=None):
        connector = obj.connector if obj else CONNECTORS[request.GET["type"]]
        declared = list(declared_form(obj, connector).fields)
        first = ["connector_label", "name", "owner", "exports_at_once"]
        return [
            (None, {"fields": [*first, "opened"] if obj else first}),
            ("Credentials", {"fields": declared}),
            ("Who may use it", {"fields": ["shared_groups", "shared_users"]}),
            *([("State", {"fields": ["opens", "last_test", "used_by"]})] if obj else []),
        ]

    def get_changeform_initial_data(self, request):
        return {"owner": request.user.pk}

    @admin.display(description="Connector")
    def connector_label(self, authentication):
        return authentication.connector.label if authentication.type else NOTHING

    @admin.display(description="Can be opened", boolean=True)
    def opens(self, authentication):
        return authentication.readable

    @admin.display(description="Last test")
    def last_test(self, authentication):
        result = trials.outcome(authentication.test_steps)
        return f"{result}, {authentication.tested_at:%Y-%m-%d %H:%M} UTC" if result else NOTHING

    @admin.display(description="Used by")
    def used_by(self, authentication):
        used = where_used(authentication)
        links = ((url, f"{kind} {user}") for kind, user, url in used)
        return format_html_join(", ", '<a href="{}">{}</a>', links) or NOTHING

    @admin.action(description="Test connection", permissions=["change"])
    def test_connection(self, request, queryset):
        for authentication in queryset:
            try:
                steps = trials.run_stored(authentication, request.user)
            except (SecretUnreadable, threads.Busy) as error:
                self.message_user(request, f"{authentication}: {error}", messages.ERROR)
                continue
            self.report(request, authentication, steps)

    def report(self, request, authentication, steps):
        """Say what came of a test."""
        failed = next((step for step in steps if step["outcome"] == "failed"), None)
        if failed:
            text = f"{authentication}: {failed['name']} failed. {failed['detail']}"
            self.message_user(request, f"{text} {failed['remedy']}".strip(), messages.ERROR)
        else:
            self.message_user(request, f"{authentication}: the test passed.", messages.SUCCESS)


@admin.register(HostKey)
class HostKeyAdmin(admin.ModelAdmin):
    """Keys of servers. To delete one is to forget it: the next one shown is pinned."""

    list_display = ["__str__", "fingerprint", "pinned_at"]
    search_fields = ["host"]
    fields = readonly_fields = ["host", "port", "fingerprint", "key", "pinned_at"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(SwitchedOff)
class SwitchedOffAdmin(admin.ModelAdmin):
    """Connectors that are switched off. To delete one from the list is to switch it on again."""

    list_display = ["__str__", "reason", "since"]
    fieldsets = [
        (
            None,
            {
                "fields": ["type", "reason"],
                "description": "Nobody can create authentications of it, or choose it for an "
                "export or an activation that is new. What exports with it already goes on. To "
                "switch it on again, delete it from this list.",
            },
        )
    ]

    def get_readonly_fields(self, request, obj=None):
        return ["type"] if obj else []

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "type":
            choices = [(each.name, each.label) for each in switched_on()]
            return forms.ChoiceField(label="Connector", choices=choices)
        return super().formfield_for_dbfield(db_field, request, **kwargs)
