"""A sign of life for somebody outside, who notices when it stops: with this whole machine, say."""

import logging

from django.conf import settings

from console.jobs import cluster_alive
from console.notifications import surroundings
from integrations.errors import ExportError
from integrations.transports.http import Client, Limits

logger = logging.getLogger(__name__)
LIMITS = Limits(connect=5, silence=10, total=20, body=0)


def call_outside() -> bool:
    """Call the address of the settings while workers are there too. Return whether it took it."""
    if not settings.HEARTBEAT_URL or not cluster_alive():
        return False
    try:
        with Client(surroundings(), LIMITS) as client:
            client.get(settings.HEARTBEAT_URL).check()
    except ExportError as error:
        logger.warning("The heartbeat was not taken. %s %s", error, error.remedy)
        return False
    return True
