"""Organizations, org units, API keys and the viewer in the schema."""
