"""Sign in, and one's own settings."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash, views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRedirect

from console.access import is_admin
from console.forms.account import ProfileForm, SignInForm
from console.notifications import mail_is_set_up
from console.watch import backed_up

NO_STAFF = (
    "You need staff status for the Django admin. An administrator can give it to you there, under "
    "Users."
)


@method_decorator(login_not_required, name="dispatch")
class SignIn(views.LoginView):
    template_name = "console/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request):
        """Show the form; a part of a page whose session has ended sends the whole page here."""
        if not request.htmx:
            return super().get(request)
        page = request.htmx.current_url_abs_path or reverse("home")
        query = urlencode({"next": page, "expired": 1})
        return HttpResponseClientRedirect(f"{request.path}?{query}")

    def get_context_data(self, **kwargs):
        return super().get_context_data(expired="expired" in self.request.GET, **kwargs)

    def form_invalid(self, form):
        status = 429 if form.has_error("__all__", "locked") else 200
        return self.render_to_response(self.get_context_data(form=form), status=status)


@login_not_required
def admin_sign_in(request):
    """Send people from the Django admin to the one place to sign in."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied(NO_STAFF)
    next_page = request.GET.get("next", reverse("admin:index"))
    return redirect(f"{reverse('login')}?{urlencode({'next': next_page})}")


def settings(request):
    """Show and change the user's own profile and password."""
    changes = {"profile": change_profile, "password": change_password}
    change = changes.get(request.POST.get("change"))
    if change and change(request):
        return redirect("settings")
    context = {
        "profile": profile_form(request),
        "password": password_form(request),
        "mail": mail_is_set_up(),
        "backup": is_admin(request.user) and backed_up(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/settings.html", context, status=status)


def posted(request, part):
    return request.POST if request.POST.get("change") == part else None


def profile_form(request):
    return ProfileForm(posted(request, "profile"), instance=request.user)


def password_form(request):
    form = PasswordChangeForm(request.user, posted(request, "password"))
    del form.fields["old_password"].widget.attrs["autofocus"]  # the page has another form above
    return form


def change_profile(request):
    form = profile_form(request)
    if not form.is_valid():
        return False
    form.save()
    messages.success(request, "Your profile is saved.")
    return True


def change_password(request):
    form = password_form(request)
    if not form.is_valid():
        return False
    update_session_auth_hash(request, form.save())
    messages.success(request, "Your password is changed. Other browsers are signed out.")
    return True


@require_GET
def keys(request):
    return render(request, "console/keys.html")
