"""The event log in the schema."""
