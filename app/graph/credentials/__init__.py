"""Credentials, their versions and verification attempts in the schema."""
