"""Positions and their assignments in the schema."""
