"""The demo in the Audience Studio: segments of the demo's customers, and where they go."""
