"""Applicants in the schema."""
