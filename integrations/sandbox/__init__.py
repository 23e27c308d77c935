"""Servers to try exports with, on this machine only: SFTP here, others in packages below."""

HOST = "127.0.0.1"
USER = PASSWORD = "demo"  # noqa: S105  of a sandbox that only this machine reaches
CLEVERTAP, ROKT = "TEST-000-000Z", "rokt"  # users of the vendors in it
SAVED_KEYS = "saved_keys"  # in the folder of its keys: public keys that the vendors know
