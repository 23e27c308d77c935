"""An SFTP server to try exports with, on this machine only."""

from integrations.sandbox.server import Sandbox
from integrations.sandbox.switches import Switches

__all__ = ["Sandbox", "Switches"]
