"""Organizations, their units, their settings and the API keys of their programs."""
