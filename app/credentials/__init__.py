"""Credentials of workers and applicants: versions, reviews, verification, ownership and files."""
