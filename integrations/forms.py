"""Forms of the Integrations Hub that are not a connector's own."""

from django import forms
from django.contrib.auth.models import Group, User
from django.db import transaction

from integrations.models import Authentication


class NamingForm(forms.ModelForm):
    """The name of an authentication, and who may use it beside its owner."""

    shared_users = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label="People who may use it",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    shared_groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label="Groups that may use it",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Authentication
        fields = ["name", "shared_groups", "shared_users"]
        help_texts = {"name": "How people find it when they choose where a result goes."}

    use_required_attribute = False

    def __init__(self, data=None, *, instance):
        super().__init__(data, instance=instance)
        others = User.objects.filter(is_active=True).exclude(pk=instance.owner_id)
        self.fields["shared_users"].queryset = others.order_by("username")

    @transaction.atomic
    def save(self, commit=True):
        """Save the authentication with those who may use it, or nothing."""
        return super().save(commit)


class KeepingForm(NamingForm):
    """What its owner may change later beside the credentials."""

    class Meta(NamingForm.Meta):
        fields = ["name", "exports_at_once", "shared_groups", "shared_users"]
