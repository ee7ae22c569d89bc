"""Exemptions in the schema."""
