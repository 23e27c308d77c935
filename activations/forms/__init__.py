"""What the pages of the Audience Studio ask for."""
