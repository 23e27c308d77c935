"""Help for the command line: what td does, and a `--result` for each connector."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from console.td.samples import TD, commands, delivery
from integrations.access import usable_by
from integrations.connectors import CONNECTORS
from integrations.models import SwitchedOff
from integrations.reference import example


@require_GET
def command_line(request):
    """Show the commands, and what to copy for each connector that is not switched off."""
    off = {each.type: each for each in SwitchedOff.objects.all()}
    context = {
        "td": TD,
        "commands": commands(),
        "samples": [
            {
                "connector": connector,
                "json": example(connector),
                "line": delivery(connector, request.user.get_username()),
                "off": off.get(connector.name),
            }
            for connector in sorted(CONNECTORS.values(), key=lambda one: one.label.lower())
        ],
        "authentications": usable_by(request.user)[:1],
    }
    return render(request, "console/command_line.html", context)
