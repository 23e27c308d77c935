"""CleverTap's API on this machine, to try exports with: it enforces its rules, and keeps all."""

ACCOUNT, PASSCODE = "DEMO", "demo-passcode"  # of a sandbox that only this machine reaches
ADMIN = "admin@example.com"  # whose e-mail address custom lists need
