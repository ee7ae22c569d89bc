"""Credential types in the schema."""
