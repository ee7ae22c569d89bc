"""Attachments of credentials in the schema."""
