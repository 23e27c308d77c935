"""What goes wrong with backups, for a person."""


class BackupError(Exception):
    """A backup cannot be made or used: what happened, and what to do."""
