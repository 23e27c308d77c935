"""An S3 server to try exports with, on this machine only."""

ACCESS_KEY_ID, SECRET_ACCESS_KEY = "demo", "demo-secret"  # of a sandbox that only this one reaches
REGION = "us-east-1"
BUCKETS = ("demo", "krux-partners")
