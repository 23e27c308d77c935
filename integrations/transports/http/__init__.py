"""Requests to HTTP servers, at addresses that were checked."""

from integrations.transports.http.client import Client
from integrations.transports.http.connection import Limits
from integrations.transports.http.probe import Probe
from integrations.transports.http.reply import Reply
from integrations.transports.http.url import Url

__all__ = ["Client", "Limits", "Probe", "Reply", "Url"]
