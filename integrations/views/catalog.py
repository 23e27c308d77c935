"""The catalog of connectors, and the reference of each."""

from collections import Counter
from functools import wraps

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render

from integrations.access import usable_by
from integrations.connectors import CONNECTORS
from integrations.models import SwitchedOff
from integrations.reference import example, rules, sections
from integrations.views.addresses import known
from integrations.views.returning import next_of


def catalog(request):
    """Show the connectors there are, as cards."""
    words = request.GET.get("q", "").strip()
    category = request.GET.get("category", "")
    existing = Counter(usable_by(request.user).values_list("type", flat=True))
    off = {each.type: each for each in SwitchedOff.objects.all()}
    cards = [
        {
            "connector": connector,
            "existing": existing[connector.name],
            "off": off.get(connector.name),
        }
        for connector in CONNECTORS.values()
        if matches(connector, words) and category in ("", connector.category)
    ]
    categories = sorted({connector.category for connector in CONNECTORS.values()})
    return render(
        request,
        "integrations/catalog.html",
        {
            "cards": cards,
            "q": words,
            "category": category,
            "categories": categories,
            "next": next_of(request),
            **known(),
        },
    )


def matches(connector, words):
    """Return whether every word is somewhere in what the card says."""
    said = connector.name, connector.label, connector.description, connector.category
    text = " ".join((*said, *connector.kinds)).lower()
    return all(word in text for word in words.lower().split())


def reference(request, type):
    """Show every setting of a connector, as it is declared."""
    connector = connector_or_404(type)
    return render(
        request,
        "integrations/connector.html",
        {
            "connector": connector,
            "sections": sections(connector),
            "rules": rules(connector),
            "example": example(connector),
            **known(),
            "existing": usable_by(request.user).filter(type=type),
            "off": SwitchedOff.objects.filter(type=type).first(),
        },
    )


def schema(request, type):
    """Return the JSON Schema of a connector's settings."""
    connector = connector_or_404(type)
    return JsonResponse(
        {
            "authentication": connector.Authentication.json_schema(
                defaults=connector.json_defaults
            ),
            "export": connector.Export.json_schema(defaults=connector.json_defaults),
        }
    )


def while_on(view):
    """Let a view make something of a connector only while that is not switched off."""

    @wraps(view)
    def guarded(request, type):
        if off := SwitchedOff.objects.filter(type=type).first():
            messages.error(request, f"{off.sentence} No authentication can be created.")
            return redirect("connector", type)
        return view(request, type)

    return guarded


def connector_or_404(type):
    if type not in CONNECTORS:
        raise Http404
    return CONNECTORS[type]
