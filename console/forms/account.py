"""Forms to sign in and to change one's own account."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User

from console import lockout
from console.cache import CacheAway

LOCKED = "Too many wrong tries. Wait ten minutes, or ask an administrator to set a new password."

AWAY = "Nobody can sign in now: the server's Redis does not answer. Tell an administrator."


class SignInForm(AuthenticationForm):
    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": "The user name or the password is wrong."
    }

    def __init__(self, request=None, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "User name"

    def clean(self):
        try:
            return self.counted()
        except CacheAway:  # Wrong tries that nobody counts could go on without an end.
            raise forms.ValidationError(AWAY, code="away") from None

    def counted(self):
        who = self.cleaned_data.get("username", ""), lockout.address_of(self.request)
        if not lockout.begin(*who):
            raise forms.ValidationError(LOCKED, code="locked")
        cleaned = super().clean()
        lockout.forget(*who)
        return cleaned


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]
        labels = {"email": "E-mail address"}
