"""Removing the demo from a console that a quickstart made."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from activations.demo import removal
from console.access import is_admin


@require_http_methods(["GET", "POST"])
def remove_demo(request):
    """Show what goes with the demo, and what stays; remove it when that is asked."""
    if not removal.is_there():
        raise Http404
    if not is_admin(request.user):
        return render(request, "activations/demo_remove.html", {"refused": True}, status=403)
    if request.method == "POST":
        try:
            removal.remove(request.user)
        except removal.NotRemoved as error:
            messages.error(request, str(error))
            return redirect("remove-demo")
        messages.success(request, "The demo is removed. What you made beside it is still here.")
        return redirect("home")
    found = removal.contents()
    context = {"named": found.named(), "kept": found.kept}
    return render(request, "activations/demo_remove.html", context)
