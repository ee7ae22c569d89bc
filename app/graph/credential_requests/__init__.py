"""Credential requests in the schema."""
