"""Backups: one file with all that a console is, made while it runs, and the way back."""

from console.backups.archive import about, verify
from console.backups.errors import BackupError
from console.backups.making import make
from console.backups.restoring import restore
from console.backups.rotation import dated, drop_older

__all__ = ["BackupError", "about", "dated", "drop_older", "make", "restore", "verify"]
