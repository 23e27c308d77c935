"""The addresses that exports come from, for the allow list of whoever receives them."""

from django.conf import settings
from django.shortcuts import render

from integrations.transports.outward import outward_addresses


def addresses(request):
    """Show what the administrator says, and what this machine sees of itself."""
    return render(request, "integrations/addresses.html", known())


def known():
    """Return the addresses to pass on; a guess where nobody has said them."""
    told, seen = settings.EGRESS_ADDRESSES, outward_addresses()
    return {"egress": told or seen, "egress_told": bool(told), "egress_seen": seen}
