"""An SFTP server to try exports with, on this machine only."""

HOST = "127.0.0.1"
USER = PASSWORD = "demo"  # noqa: S105  of a sandbox that only this machine reaches
