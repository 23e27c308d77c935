"""The quickstart: a console with demo data and an SFTP server of its own, on this machine."""


class Refusal(SystemExit):
    """The quickstart cannot go on. The text says why, and what to do."""
