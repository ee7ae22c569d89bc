"""Compliance roll-ups in the schema."""
