"""Requirement rules in the schema."""
