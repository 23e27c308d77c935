"""Saved queries: who sees them, their versions, and where their result goes."""
