"""Only what changed since the last delivered run: compared, approved, sent, kept in mind."""
