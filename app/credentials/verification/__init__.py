"""Verification attempts: starting and running checks with registries, and recording their results."""
