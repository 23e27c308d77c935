"""Pages of the Audience Studio."""
