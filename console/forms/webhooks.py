"""The webhook that hears of a query's scheduled runs: its address is entered and never shown."""

from django import forms

from integrations.errors import PermanentError
from integrations.models import Webhook
from integrations.transports.http import Url


class WebhookForm(forms.Form):
    prefix = "webhook"

    url = forms.CharField(
        label="Address",
        required=False,
        max_length=2000,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    shape = forms.ChoiceField(label="Shape", choices=Webhook.Shape, initial=Webhook.Shape.SLACK)
    on_success = forms.BooleanField(label="when a run succeeds, too", required=False)
    remove = forms.BooleanField(label="Remove the webhook", required=False)

    def __init__(self, data=None, *, stored=None):
        initial = {"shape": stored.shape, "on_success": stored.on_success} if stored else {}
        super().__init__(data, initial=initial)
        self.stored = stored

    @property
    def sent(self):
        """Whether the request holds this form at all."""
        return self.add_prefix("shape") in self.data

    def clean_url(self):
        url = self.cleaned_data["url"]
        try:
            return url and Url.parse(url) and url
        except PermanentError as error:
            raise forms.ValidationError(f"{error} {error.remedy}") from None

    def clean(self):
        entered = super().clean()
        if self.stored and not (self.stored.readable or entered.get("url")):
            self.add_error("url", "No key of this server opens the address. Enter it again.")
        return entered
