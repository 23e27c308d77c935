"""The search for everything that a person may see; the page for what is not there has its field."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from activations.finding import LONGEST, find


@require_GET
def search(request):
    """Show what has the name or the number, of what the person may see."""
    words = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:LONGEST]
    context = {"words": words, "groups": find(request.user, words) if words else []}
    return render(request, "activations/search.html", context)
