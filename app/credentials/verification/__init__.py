"""Verification attempts: starting, running and recording checks with registries."""
